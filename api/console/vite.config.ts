import { defineConfig } from 'vite'

/**
 * Builds the console into `dist/`: one HTML file and hashed assets, nothing from anywhere else. Nothing is inlined
 * (`assetsInlineLimit: 0`), so the page runs under `script-src 'self'; style-src 'self'`.
 */
export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
    reportCompressedSize: true,
    chunkSizeWarningLimit: 450,
    // 'use client' speaks to frameworks that render on a server.
    rolldownOptions: { onLog: (level, log, pass) => (log.code === 'MODULE_LEVEL_DIRECTIVE' ? undefined : pass(level, log)) },
  },
})

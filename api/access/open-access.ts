import { existsSync } from 'node:fs'
import type { ServeConfig } from '../serve-config.ts'
import { openAccessFile } from './access-file.ts'
import { type AccessPort, type Identified, openAccess } from './access-port.ts'
import { openOidc } from './oidc.ts'
import { loopbackPrincipal } from './principal.ts'

/** Beside the ledger, unless another file is named. */
export function accessFileOf({ ledger, access_file }: Pick<ServeConfig, 'ledger' | 'access_file'>): string {
  return access_file ?? `${ledger}.access.db`
}

/**
 * Who may come, by configuration: tokens where an access file is named or lies beside the ledger, JWTs where an OpenID
 * provider is configured; with neither, authentication is off and everybody is `userName` (`assertMayListen` keeps that
 * on the loopback). Throws `usage` for a named file that is not there.
 */
export function openConfiguredAccess(config: ServeConfig, userName: string, now: () => Date): AccessPort {
  const path = accessFileOf(config)
  const hasFile = config.access_file !== null || existsSync(path)
  if (!hasFile && config.oidc === null) return openAccess(loopbackPrincipal(userName))
  const oidc = config.oidc === null ? null : openOidc(config.oidc, { now })
  const file = hasFile ? openAccessFile(path, 'existing') : null
  return {
    auth: file === null ? 'oidc' : oidc === null ? 'token' : 'token+oidc',
    async identify(authorization): Promise<Identified> {
      const bearer = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(authorization ?? '')?.[1]
      if (bearer === undefined) return { ok: false, reason: 'credentials_malformed' }
      if (file !== null && bearer.startsWith('evl_')) return file.identify(bearer, now())
      if (oidc !== null && bearer.split('.').length === 3) return await oidc.identify(bearer)
      return { ok: false, reason: 'credentials_malformed' }
    },
    close: () => file?.close(),
  }
}

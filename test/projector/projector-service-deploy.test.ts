import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { parseKafkaSettings } from '../../ledger/kafka/kafka-settings.ts'
import { ServiceMetrics } from '../../projector/service-metrics.ts'
import { REPOSITORY } from '../support/markdown-blocks.ts'

type Service = Record<string, unknown> & { image: string; volumes?: string[]; environment?: Record<string, unknown>; secrets?: string[] }
type Compose = { services: Record<string, Service>; volumes: Record<string, unknown>; secrets: Record<string, { file: string }>; networks: object }

const read = (path: string): string => readFileSync(join(REPOSITORY, path), 'utf8')
const text = read('docker-compose.yml')
const compose = parse(text, { merge: true }) as Compose
const services = Object.entries(compose.services)

describe('docker-compose.yml', () => {
  it.each(services)('%s: pinned image, limits, a health check, no rights it does not need', (_name, service) => {
    expect(service.image).toMatch(/^[a-z0-9/-]+:v?\d+\.\d+(\.\d+)?$/)
    expect(service).toMatchObject({ restart: 'unless-stopped', cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] })
    expect(Object.keys(service)).toEqual(expect.arrayContaining(['mem_limit', 'cpus', 'healthcheck', 'networks', 'volumes']))
  })

  it('what is mounted is there, and what is named is declared', () => {
    const mounts = services.flatMap(([, { volumes = [] }]) => volumes.map((one) => one.replace(/\$\{[A-Z_]+:-([^}]+)\}/, '$1').split(':')[0] ?? ''))
    expect(mounts.filter((from) => (from.startsWith('./') ? !existsSync(join(REPOSITORY, from)) : !(from in compose.volumes)))).toEqual([])
    expect(services.flatMap(([, { secrets = [] }]) => secrets).filter((name) => !(name in compose.secrets))).toEqual([])
  })

  it('holds no password and publishes nothing but on the loopback', () => {
    const settings = services.flatMap(([, { environment = {} }]) => Object.entries(environment))
    expect(settings.filter(([name, value]) => /PASSWORD|SECRET|TOKEN|KEY/.test(name) && !String(value).startsWith('/run/secrets/'))).toEqual([])
    expect(services.flatMap(([, service]) => (service.ports ?? []) as string[]).filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([])
  })

  it('the projector runs on a read-only root file system', () => {
    expect(compose.services.projector).toMatchObject({ read_only: true })
  })
})

it.each(['deploy/kafka.json', 'deploy/kafka-three.json'])('%s is what the program takes', (path) => {
  expect(parseKafkaSettings(JSON.parse(read(path))).topic.partitions).toBe(6)
})

it('Dockerfile: the runtime of package.json, not root, no install scripts', () => {
  const dockerfile = read('Dockerfile')
  const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> }
  const bases = [...dockerfile.matchAll(/^FROM node:([\d.]+)-bookworm-slim/gm)].map((match) => match[1])
  expect(bases).toEqual([dependencies.node, dependencies.node, dependencies.node])
  expect(dockerfile).toMatch(/^USER node$/m)
  expect(dockerfile).toContain('--ignore-scripts')
  const copied = [...dockerfile.matchAll(/^COPY ([a-z]+) /gm)].map((match) => match[1])
  expect(copied.filter((folder) => !read('.dockerignore').split('\n').includes(`!${folder}`))).toEqual([])
})

it('alerts are what Prometheus takes', () => {
  const { groups } = parse(read('deploy/alerts.yml')) as { groups: { rules: { annotations: object }[] }[] }
  // A comma in a text without quotation marks begins another annotation, with a name that Prometheus refuses.
  for (const { annotations } of groups.flatMap((group) => group.rules)) expect(Object.keys(annotations)).toEqual(['summary'])
})

it('alerts and pages speak of metrics that exist', () => {
  const known = new ServiceMetrics().text()
  const named = [read('deploy/alerts.yml'), read('docs/operations-cluster.md')].flatMap((page) => page.match(/evidence_projector_[a-z_]+/g) ?? [])
  expect(named.length).toBeGreaterThan(8)
  expect(named.filter((name) => !known.includes(`# TYPE ${name} `))).toEqual([])
})

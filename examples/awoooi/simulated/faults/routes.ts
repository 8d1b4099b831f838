import { all, blocked, type Fault, quickCheckBlocked, warning } from '../fault.ts'

/** Another certificate for the edge, signed by the same authority, with the options of `openssl x509 -req`. */
const certificate = (options: string): string =>
  `cd /etc/simulated; [ -e good.pem ] || cp edge.pem good.pem
  openssl x509 -req -in edge.csr -CA ca.pem -CAkey ca.key -CAcreateserial ${options} -out edge.pem 2> /dev/null; nginx_reload`
const GOOD_CERTIFICATE = `cd /etc/simulated; cp good.pem edge.pem; nginx_reload`

const AWOOOI = ['public-awoooi-health', 'wrapper-api-health', 'wrapper-route-awoooi', 'wrapper-route-iwooos', 'wrapper-route-wazuh', 'wrapper-route-wazuh-web']
const ROUTES = [
  ...[...AWOOOI, 'public-momo-health', 'wrapper-route-vibework', 'wrapper-route-awooogo', 'wrapper-route-2026fifa', 'wrapper-route-agent-bounty'],
  ...['wrapper-route-momo', 'wrapper-route-stock', 'wrapper-route-stock-web', 'wrapper-route-stock-api', 'wrapper-route-bitan', 'wrapper-route-tsenyang'],
  ...['wrapper-route-vtuber', 'wrapper-route-gitea', 'wrapper-route-harbor', 'wrapper-route-registry', 'wrapper-route-sentry', 'wrapper-route-signoz'],
  ...['wrapper-route-langfuse', 'wrapper-route-aiops'],
]
const CERTIFICATES = ['tls-awoooi', 'tls-momo', 'tls-sentry']

/** The edge of 188: routes and certificates. */
export const ROUTE_FAULTS: readonly Fault[] = [
  {
    id: 'route-502',
    title: 'one public route answers 502',
    on: 'host-188',
    break: `echo 'if ($host = vibework.wooo.work) { return 502; }' > /etc/simulated/site-fault.conf; nginx_reload`,
    repair: `rm /etc/simulated/site-fault.conf; nginx_reload`,
    expect: quickCheckBlocked('P2-PUBLIC-ROUTES', all('BLOCKED', 'wrapper-route-vibework')),
  },
  {
    id: 'site-lost',
    title: 'a public route shows the first page of nginx',
    on: 'host-188',
    break: `echo 'if ($host = vibework.wooo.work) { return 200 "<html><head><title>Welcome to nginx!</title></head></html>"; }' > /etc/simulated/site-fault.conf; nginx_reload`,
    repair: `rm /etc/simulated/site-fault.conf; nginx_reload`,
    expect: quickCheckBlocked('P2-PUBLIC-ROUTES', all('BLOCKED', 'wrapper-route-vibework')),
  },
  {
    id: 'route-recovers-on-retry',
    title: 'one public route answers 502 once, then 200',
    on: 'host-188',
    // The first of two servers is not there: nginx answers 502 once, then passes it by for the ten seconds of a round.
    break: `printf '%s\\n' 'upstream flaky { server 127.0.0.1:1 max_fails=1 fail_timeout=30s; server 127.0.0.1:80; }' \\
      'server { listen 443 ssl; server_name vibework.wooo.work; location / { proxy_next_upstream off; proxy_pass http://flaky; } }' \\
      >> /etc/nginx/sites-enabled/188-all-sites.conf; nginx_reload`,
    repair: 'nginx_edit /flaky/d /etc/nginx/sites-enabled/188-all-sites.conf',
    expect: warning(all('WARN', 'wrapper-route-vibework')),
  },
  {
    id: 'edge-gone',
    title: 'the edge is gone',
    on: 'host-188',
    break: 'kill "$(cat /run/nginx.pid)"; sleep 0.5',
    repair: 'start_nginx',
    expect: blocked(
      'P2-PUBLIC-ROUTES',
      {
        ...all('BLOCKED', ...ROUTES, ...CERTIFICATES),
        ...all('WARN', 'nginx-exporter-188', 'momo-release', 'tls-sentry-renewed'),
      },
      'CERTIFICATE_RENEWED',
    ),
  },
  {
    id: 'certificate-expired',
    title: 'the certificate of all routes expired yesterday',
    on: 'host-188',
    break: certificate('-days -1 -extfile names.ext'),
    repair: GOOD_CERTIFICATE,
    expect: blocked(
      'P2-PUBLIC-ROUTES',
      { ...all('BLOCKED', ...ROUTES, ...CERTIFICATES), ...all('WARN', 'momo-release', 'tls-sentry-renewed') },
      'CERTIFICATE_RENEWED',
    ),
  },
  {
    id: 'certificate-ends-soon',
    title: 'the certificate of all routes ends in five days',
    on: 'host-188',
    break: certificate('-days 5 -extfile names.ext'),
    repair: GOOD_CERTIFICATE,
    expect: quickCheckBlocked('P2-PUBLIC-ROUTES', { ...all('BLOCKED', ...CERTIFICATES), ...all('WARN', 'tls-sentry-renewed') }, 'CERTIFICATE_RENEWED'),
  },
]

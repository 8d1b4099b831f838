import type { HttpAnswer } from './http-exchange.ts'

/** A title stands at the start of a page. */
const HEAD_BYTES = 65_536

/** Titles of pages that a web server shows where the site is not: its own first page, an error, a notice of maintenance. */
const TITLES: readonly RegExp[] = [
  /^Welcome to (?:nginx|openresty|tengine)\b/iu,
  /^Apache2 \w+ Default Page\b/iu,
  /^(?:Apache )?HTTP Server Test Page\b|^Test Page for the (?:Apache|Nginx|HTTP Server)\b/iu,
  /^IIS Windows\b|^IIS\d+$/u,
  /^Caddy works!$/u,
  /^(?:(?:Error )?[45]\d\d[ :-]*)?(?:Bad Gateway|(?:Service|Site)(?: Temporarily)? Unavailable|Internal Server Error|Gateway Time-?out|Not Found|Forbidden)$/iu,
  /\b(?:under|down for|scheduled|site) maintenance\b/iu,
]
/** Apache's first page has had no title. */
const IT_WORKS = /<h1>It works!<\/h1>/iu

/**
 * Whether an answer is that of a web server without the site behind it, whatever its status says: a page of the titles
 * above with a 2xx, or a redirect to the very URL that was asked. Pure.
 */
export function isPlaceholder({ status, location, body }: Pick<HttpAnswer, 'status' | 'location' | 'body'>, url: string): boolean {
  if (status >= 300 && status <= 399) return location !== null && withoutFragment(URL.parse(location, url)) === withoutFragment(URL.parse(url))
  if (status < 200 || status > 299) return false
  const text = body.subarray(0, HEAD_BYTES).toString('utf8')
  const title = /<title[^>]*>([^<]{0,500})<\/title>/iu.exec(text)?.[1]?.replace(/\s+/gu, ' ').trim()
  return IT_WORKS.test(text) || (title !== undefined && TITLES.some((pattern) => pattern.test(title)))
}

function withoutFragment(url: URL | null): string | null {
  return url === null ? null : `${url.origin}${url.pathname}${url.search}`
}

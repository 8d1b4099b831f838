/** True where two names are one person's as far as texts can tell: case, width and spaces do not make another one. */
export function isSamePerson(a: string, b: string): boolean {
  return plainName(a) === plainName(b)
}

function plainName(name: string): string {
  return name.normalize('NFKC').trim().replace(/\s+/gu, ' ').toLowerCase()
}

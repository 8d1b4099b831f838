import { type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml'

/** A place in an estate: keys and list positions from the top. */
export type EstatePath = readonly (string | number)[]
/** Something wrong in an estate. `at: 'key'` points at the key itself, for instance one that should not be there. */
export type EstateProblem = { path: EstatePath; message: string; at?: 'key' }
export type Place = { line: number; column: number }

export type EstateDocument = {
  /** What is wrong with the YAML itself; `value` is not to be used unless empty. */
  problems: readonly { place: Place; message: string }[]
  value: unknown
  locate(problem: EstateProblem): Place
}

/** Aliases resolved in all: enough to share a list, far from a bomb. */
const MAX_ALIASES = 20

/**
 * Parses YAML 1.2 strictly: one document, unique keys, core schema. Tags, other versions and many aliases are refused,
 * because two readers could take them differently. The only user of the `yaml` package.
 */
export function parseEstateYaml(text: string): EstateDocument {
  const lines = new LineCounter()
  const document = parseDocument(text, { version: '1.2', schema: 'core', strict: true, uniqueKeys: true, prettyErrors: false, lineCounter: lines })
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  const faults = [...document.errors, ...document.warnings].map((error) => ({ offset: error.pos[0], message: error.message }))
  faults.push(...refusedNodes(document))
  const { value, problem } = faults.length === 0 ? toValue(document) : { value: undefined, problem: null }
  if (problem !== null) faults.push(problem)
  return {
    problems: faults.map(({ offset, message }) => ({ place: place(offset), message })),
    value,
    locate: (one) => place(offsetOf(document, one)),
  }
}

function refusedNodes(document: Document): { offset: number; message: string }[] {
  const refused: { offset: number; message: string }[] = []
  if (document.directives?.yaml.explicit && document.directives.yaml.version !== '1.2') refused.push({ offset: 0, message: 'only YAML 1.2 is read' })
  visit(document, {
    Node: (_, node) => {
      if (!isAlias(node) && node.tag !== undefined) refused.push({ offset: startOf(node), message: 'tags are not used here' })
    },
    Pair: (_, pair) => {
      if (!isScalar(pair.key)) refused.push({ offset: isNode(pair.key) ? startOf(pair.key) : 0, message: 'a key is a plain word' })
    },
  })
  return refused
}

type Value = { value: unknown; problem: { offset: number; message: string } | null }

function toValue(document: Document): Value {
  try {
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }), problem: null }
  } catch (error) {
    // The package throws a ReferenceError for unknown anchors, cycles and too many aliases alike.
    if (!(error instanceof ReferenceError)) throw error
    let offset = 0
    visit(document, {
      Alias: (_, node) => {
        offset = startOf(node)
        return visit.BREAK
      },
    })
    return { value: undefined, problem: { offset, message: `aliases: ${error.message}` } }
  }
}

/** Start of the deepest node on the path that exists; a missing key points at the mapping that lacks it. */
function offsetOf(document: Document, problem: EstateProblem): number {
  let node: unknown = document.contents
  let offset = isNode(node) ? startOf(node) : 0
  for (const [depth, step] of problem.path.entries()) {
    const inner: unknown = isAlias(node) ? node.resolve(document) : node
    const last = depth === problem.path.length - 1
    if (isMap(inner)) {
      const pair = inner.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
      if (pair === undefined) return offset
      if (isNode(pair.key)) offset = startOf(pair.key)
      if (last && problem.at === 'key') return offset
      node = pair.value
    } else if (isSeq(inner)) {
      node = inner.items[Number(step)]
    } else return offset
    if (!isNode(node)) return offset
    offset = startOf(node)
  }
  return offset
}

function startOf(node: Node): number {
  return node.range?.[0] ?? 0
}

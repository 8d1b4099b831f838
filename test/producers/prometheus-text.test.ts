import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parsePrometheusText } from '../../producers/probes/prometheus-text.ts'

describe('parsePrometheusText', () => {
  it('reads what exporters write', () => {
    const text = [
      '# HELP http_requests_total The total number of HTTP requests.',
      '# TYPE http_requests_total counter',
      'http_requests_total{method="post",code="200"} 1027 1395066363000',
      '# a plain comment {',
      'msdos_file_access_time_seconds{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find file:\\n\\"FILE.TXT\\""} 1.458255915e9',
      'metric_without_timestamp_and_labels 12.47',
      'something_weird{problem="division by zero"} +Inf -3982045',
      '  spaced { a = "b" , } \t NaN  ',
      'low -Inf',
      'bucket{le="+Inf"} 144320',
      'empty{} -0.5e-3',
      'unicode{city="台北, } #"} 1',
      '',
      '',
    ].join('\n')
    expect(parsePrometheusText(text)).toEqual([
      { name: 'http_requests_total', labels: { method: 'post', code: '200' }, value: 1027, timeMs: 1395066363000 },
      { name: 'msdos_file_access_time_seconds', labels: { path: 'C:\\DIR\\FILE.TXT', error: 'Cannot find file:\n"FILE.TXT"' }, value: 1458255915 },
      { name: 'metric_without_timestamp_and_labels', labels: {}, value: 12.47 },
      { name: 'something_weird', labels: { problem: 'division by zero' }, value: '+Inf', timeMs: -3982045 },
      { name: 'spaced', labels: { a: 'b' }, value: 'NaN' },
      { name: 'low', labels: {}, value: '-Inf' },
      { name: 'bucket', labels: { le: '+Inf' }, value: 144320 },
      { name: 'empty', labels: {}, value: -0.0005 },
      { name: 'unicode', labels: { city: '台北, } #' }, value: 1 },
    ])
    expect(parsePrometheusText('')).toEqual([])
  })

  it('refuses every malformed line by its number and without quoting it', () => {
    const bad = [
      'a',
      'a ',
      'a x',
      'a 0x10',
      'a 1_000',
      'a 1e999',
      'a 1 2 3',
      'a 1 1.5',
      '1a 1',
      '{b="c"} 1',
      'a{b="c" 1',
      'a{b="c"d="e"} 1',
      'a{b=c} 1',
      'a{b="c",b="d"} 1',
      'a{b="\\x"} 1',
      'a{b="c} 1',
      'a{,} 1',
      'a{b="c",,} 1',
      'a} 1',
      '# TYPE a nonsense',
      '# TYPE a',
      '# HELP',
      'a 1\r b',
      'a,1',
      '<html>',
    ]
    for (const line of bad) expect(() => parsePrometheusText(`ok 1\n${line}\n`), line).toThrow(/^line 2: [a-zA-Z ]+$/u)
  })

  it('refuses a series given twice, in any order of labels, and a file that was cut', () => {
    expect(() => parsePrometheusText('a{x="1",y="2"} 1\na{y="2",x="1"} 2\n')).toThrow('line 2: series given twice')
    expect(() => parsePrometheusText('a 1\na{} 1\n')).toThrow('line 2: series given twice')
    expect(() => parsePrometheusText('a 1\nb 12')).toThrow('last line has no end')
  })

  it('gives back any labels, also ones named like members of objects', () => {
    const label = fc.constantFrom('a', '__proto__', 'constructor', 'toString', 'le')
    fc.assert(
      fc.property(fc.uniqueArray(label), fc.array(fc.string({ unit: 'binary' })), (names, values) => {
        const pairs = names.map((name, i) => [name, (values[i] ?? '').toWellFormed()] as const)
        const text = pairs.map(([name, value]) => `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`)
        const sample = parsePrometheusText(`m{${text.join(',')}} 1\n`)[0]
        expect(Object.entries(sample?.labels ?? {})).toEqual(pairs.map((pair) => [...pair]))
      }),
    )
  })
})

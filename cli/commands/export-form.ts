import { writeFileAtomically } from '../../api/actions/write-file.ts'
import { type Bundle, buildBundle } from '../../api/exports/bundle.ts'
import { type ExportOptions, readExportInput } from '../export-input.ts'
import { type Answer, note } from '../output.ts'

const FORMS: Readonly<Record<string, () => Promise<(bundle: Bundle) => unknown>>> = {
  'in-toto': async () => (await import('../../api/exports/in-toto.ts')).toInTotoStatement,
  oscal: async () => (await import('../../api/exports/oscal.ts')).toOscalResults,
}

/** `evidence export in-toto|oscal`: a round in a form that other programs read. Exit 0 says that it was written, no more. */
export function writes(form: string) {
  return async ([id]: [string], options: ExportOptions): Promise<Answer> => {
    const toForm = await FORMS[form]?.()
    const text = `${JSON.stringify(toForm?.(buildBundle(await readExportInput(id, options))), null, 2)}\n`
    if (options.output === undefined) process.stdout.write(text)
    else {
      await writeFileAtomically(options.output, text)
      note(`wrote ${options.output}`)
    }
    return 0
  }
}

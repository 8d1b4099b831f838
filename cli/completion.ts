import type { Command } from 'commander'

type Words = { path: string; words: string[] }

/** Words that may follow each command: its subcommands and long options. */
function wordsOf(command: Command, path: string[]): Words[] {
  const words = [...command.commands.map((one) => one.name()), ...command.options.flatMap((option) => option.long ?? []), '--help']
  return [{ path: path.join(' '), words }, ...command.commands.flatMap((one) => wordsOf(one, [...path, one.name()]))]
}

/** A completion script from the command table itself, so that it cannot fall behind. Files complete after options that take one. */
export function completionScript(shell: string, program: Command): string {
  const all = wordsOf(program, [])
  if (shell === 'fish') return all.flatMap(fishLines).join('')
  const cases = all.map(({ path, words }) => `    "${path}") words="${words.join(' ')}" ;;\n`).join('')
  const commands = all.map(({ path }) => path).filter((path) => path !== '')
  const bash = `_evidence() {
  local cur=\${COMP_WORDS[COMP_CWORD]} path="" word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in ${commands.map((path) => `"${path}"`).join('|')}) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases}  esac
  if [ "$path" = "bundle verify" ] && [[ $cur != -* ]]; then COMPREPLY=($(compgen -f -- "$cur")); return; fi
  case "\${COMP_WORDS[COMP_CWORD-1]}" in
    --estate|--ledger|--summary-file|--packet-file|--response-file|--output|--template|--html|--out|--access|--config|--kafka-config|--textfile|import) COMPREPLY=($(compgen -f -- "$cur")) ;;
    *) COMPREPLY=($(compgen -W "$words" -- "$cur")) ;;
  esac
}
complete -o filenames -F _evidence evidence
`
  return shell === 'zsh' ? `autoload -U +X bashcompinit && bashcompinit\n${bash}` : bash
}

function fishLines({ path, words }: Words): string[] {
  const condition =
    path === ''
      ? '__fish_use_subcommand'
      : path
          .split(' ')
          .map((word) => `__fish_seen_subcommand_from ${word}`)
          .join('; and ')
  return words.map((word) => {
    const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-f -a ${word}`
    return `complete -c evidence -n '${condition}' ${what}\n`
  })
}

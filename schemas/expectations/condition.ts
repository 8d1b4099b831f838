/** Whether a number holds a condition such as `== 1` or `> 0.5`; an unknown operator holds nothing. */
export function holdsCondition(condition: string, value: number): boolean {
  const [operator, text] = condition.split(' ')
  const limit = Number(text)
  switch (operator) {
    case '==':
      return value === limit
    case '!=':
      return value !== limit
    case '>=':
      return value >= limit
    case '<=':
      return value <= limit
    case '>':
      return value > limit
    case '<':
      return value < limit
    default:
      return false
  }
}

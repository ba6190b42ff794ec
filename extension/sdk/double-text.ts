/**
 * Doubles as osquery prints them: 15 significant digits in C's `%g`, and `.0` behind what has no point.
 *
 * `osquery/utils/conversions/castvariant.h`. Also behind an exponent: 1e+20 is `1e+20.0` in osquery's logs, and a
 * difference against them must not find it changed.
 */

const digits = 15

/** The text of a double. */
export function doubleText(value: number): string {
  const text = general(value)
  return text.includes('.') ? text : `${text}.0`
}

/** C's `%.15g`. */
function general(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value < 0 ? '-inf' : 'inf'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [mantissa = '', exponentText = '0'] = rounded(Math.abs(value)).split('e')
  const exponent = Number(exponentText)
  const significant = mantissa.replace('.', '').replace(/0+$/, '') || '0'
  const sign = value < 0 ? '-' : ''
  if (exponent < -4 || exponent >= digits) {
    const fraction = significant.slice(1)
    const power = `${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
    return `${sign}${significant[0]}${fraction === '' ? '' : `.${fraction}`}e${power}`
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${significant}`
  const whole = significant.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  const fraction = significant.slice(exponent + 1)
  return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`
}

/** Scientific notation of a positive number; halves go to the even digit, as in C, and not up, as here. */
function rounded(value: number): string {
  const up = value.toExponential(digits - 1)
  const exact = value.toExponential(60)
  const rest = exact.slice(digits + 1, exact.indexOf('e'))
  const last = Number(exact[digits])
  if (!/^50*$/.test(rest) || last % 2 === 1) return up
  return `${exact.slice(0, digits + 1)}${exact.slice(exact.indexOf('e'))}`
}

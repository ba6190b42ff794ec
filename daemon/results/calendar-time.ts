/** The time in osquery's lines: C's `asctime` in UTC, with the zone behind it. */
const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `Thu Aug  6 10:00:00 2026 UTC`: the day is padded with a space. */
export function calendarTime(unixSeconds: number): string {
  const time = new Date(unixSeconds * 1000)
  const two = (value: number) => String(value).padStart(2, '0')
  const clock = `${two(time.getUTCHours())}:${two(time.getUTCMinutes())}:${two(time.getUTCSeconds())}`
  const day = String(time.getUTCDate()).padStart(2, ' ')
  return `${days[time.getUTCDay()]} ${months[time.getUTCMonth()]} ${day} ${clock} ${time.getUTCFullYear()} UTC`
}

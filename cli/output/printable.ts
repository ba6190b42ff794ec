/**
 * Text that is safe to show on a terminal.
 *
 * File names come from attackers: control characters could move the cursor, recolour a verdict or set a title, and
 * direction overrides could turn a name around. They are shown as escapes.
 */

const unsafe = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]/g

/** The text with control and direction characters written as `\u{...}`. */
export function printable(text: string): string {
  return text.replace(unsafe, (character) => `\\u{${character.charCodeAt(0).toString(16)}}`)
}

/** XML written as nested calls: names and attributes are ours, texts are escaped, and nothing else can come out. */

/** Written XML. */
export interface Xml {
  readonly xml: string
}

/** An element with its children; a string among them is a text. Numbers have at most one decimal. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  ...children: readonly (Xml | string)[]
): Xml {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(text(value))}"`)
  const inner = children.map((child) => (typeof child === 'string' ? escaped(child) : child.xml)).join('')
  return { xml: inner === '' ? `<${name}${written.join('')}/>` : `<${name}${written.join('')}>${inner}</${name}>` }
}

function text(value: string | number): string {
  return typeof value === 'string' ? value : String(Math.round(value * 10) / 10)
}

function escaped(value: string): string {
  const names: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return value.replace(/[&<>"]/g, (sign) => names[sign] ?? sign)
}

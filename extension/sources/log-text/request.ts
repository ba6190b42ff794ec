/**
 * What an HTTP request line says of where it went.
 *
 * A target is a contact when it is whole (`http://host/path`, as proxies and HTTP/2 write it), the address of a CONNECT,
 * or a path on a host that is known from elsewhere in the line.
 */

/** A request line, taken apart. */
export interface RequestLine {
  readonly method: string
  readonly target: string
}

/** `GET http://host/path HTTP/1.1`; undefined for what is no request, such as a TLS hello on a plain port. */
export function requestLine(text: string): RequestLine | undefined {
  const method = /^[A-Z_-]{3,20} /.exec(text)?.[0]
  if (method === undefined) return undefined
  const protocol = text.lastIndexOf(' HTTP/')
  const target = text.slice(method.length, protocol < method.length ? undefined : protocol)
  return { method: method.trimEnd(), target: target.trim() }
}

/** Where a request went, as a text for `remoteOf`; `host` is the host it was sent to, where the line tells. */
export function destination(request: RequestLine, host?: string, isSecure = false): string | undefined {
  const { method, target } = request
  if (method === 'CONNECT' || /^[a-z]{2,5}:\/\//i.test(target)) return target
  if (host === undefined || host === '' || host === '-') return undefined
  return `${isSecure ? 'https' : 'http'}://${host}${target.startsWith('/') ? target : '/'}`
}

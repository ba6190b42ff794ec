/**
 * Where osquery and its extensions listen: paths of UNIX sockets, names of Windows pipes.
 */

/**
 * Longest manager path in bytes. An extension listens at `<manager path>.<uuid>` with up to five digits, and a UNIX
 * socket's path has 107 bytes on Linux, 103 on macOS (sockaddr_un). Beyond it osquery accepts a registration and then
 * cannot reach the extension.
 */
const longest: Readonly<Record<string, number>> = { linux: 101, darwin: 97 }

/** The manager's address cannot be used. */
export class AddressError extends Error {
  override readonly name = 'AddressError'
}

/** Refuses an address that osquery could not use with us, before anything is tried. */
export function checkManagerAddress(address: string, platform: NodeJS.Platform = process.platform): void {
  if (address === '') throw new AddressError('the socket path is empty; give --socket with the path osquery listens at')
  if (platform === 'win32') {
    if (/^\\\\[.?]\\pipe\\/i.test(address)) return
    throw new AddressError(`the socket ${JSON.stringify(address)} is no named pipe; expected \\\\.\\pipe\\NAME`)
  }
  const length = Buffer.byteLength(address)
  const most = longest[platform] ?? 97
  if (address.includes('\0')) throw new AddressError('the socket path has a NUL byte in it')
  if (length <= most) return
  throw new AddressError(
    `the socket path ${JSON.stringify(address)} has ${length} bytes; ${most} are the most that leave room for the ` +
      "extension's own socket beside it. Start osquery with a shorter --extensions_socket",
  )
}

/** Where the extension of that uuid listens. */
export function extensionAddress(manager: string, uuid: bigint): string {
  return `${manager}.${uuid}`
}

/**
 * Apache's binary protocol over bytes in memory, with 64-bit numbers as bigints.
 *
 * The package's own transports belong to its sockets; ours are elsewhere, so this one only holds a message. Its 64-bit
 * type is an object that loses bits when it becomes the key of a map; bigints do not.
 */
/// <reference path="./thrift.d.ts" />
import TBinaryProtocol from 'thrift/lib/nodejs/lib/thrift/binary_protocol.js'
import type { Message } from './message.ts'

/** What the protocol reads from and writes to. */
export class MemoryTransport {
  readonly #input: Buffer
  readonly #output: Buffer[] = []
  #at = 0
  /** Called when a message is complete. */
  onFlush: (() => void) | undefined

  constructor(input: Buffer = Buffer.alloc(0)) {
    this.#input = input
  }

  /** What was written since the last call. */
  take(): Buffer {
    return Buffer.concat(this.#output.splice(0))
  }

  write(bytes: Buffer | string): void {
    this.#output.push(typeof bytes === 'string' ? Buffer.from(bytes) : bytes)
  }

  flush(): void {
    this.onFlush?.()
  }

  read(length: number): Buffer {
    const from = this.#advance(length)
    return this.#input.subarray(from, this.#at)
  }

  readByte(): number {
    return this.#input.readInt8(this.#advance(1))
  }

  readI16(): number {
    return this.#input.readInt16BE(this.#advance(2))
  }

  readI32(): number {
    return this.#input.readInt32BE(this.#advance(4))
  }

  readDouble(): number {
    return this.#input.readDoubleBE(this.#advance(8))
  }

  readString(length: number): string {
    const from = this.#advance(length)
    return this.#input.toString('utf8', from, this.#at)
  }

  /** The package's sockets find their callbacks by it; there is one message here. */
  setCurrSeqId(): void {}

  #advance(length: number): number {
    const from = this.#at
    this.#at += length
    return from
  }
}

/** The protocol, bound to a message in memory. */
export class MemoryProtocol extends TBinaryProtocol {
  declare readonly trans: MemoryTransport

  override readI64(): bigint {
    return this.trans.read(8).readBigInt64BE()
  }

  // The package writes small numbers and strings through a constructor that Node deprecates and warns of.
  override writeByte(value: number): void {
    this.trans.write(Buffer.of(value))
  }

  override writeI16(value: number): void {
    this.trans.write(Buffer.of(value >> 8, value))
  }

  override writeI32(value: number): void {
    this.trans.write(Buffer.of(value >> 24, value >> 16, value >> 8, value))
  }

  override writeString(value: string): void {
    const bytes = Buffer.from(value)
    this.writeI32(bytes.length)
    this.trans.write(bytes)
  }

  override writeI64(value: bigint | number | string): void {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64BE(BigInt(value))
    this.trans.write(bytes)
  }
}

/** Reads a message whose header is known already; the generated code may ask for it again, or not. */
export class MessageProtocol extends MemoryProtocol {
  readonly #message: Message

  constructor(message: Message) {
    super(new MemoryTransport(message.body))
    this.#message = message
  }

  override readMessageBegin(): { fname: string; mtype: number; rseqid: number } {
    return { fname: this.#message.method, mtype: this.#message.type, rseqid: this.#message.seqid }
  }
}

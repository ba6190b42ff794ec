/** The parts of Apache's package that this one uses; it has no types of its own. */
declare module 'thrift/lib/nodejs/lib/thrift/binary_protocol.js' {
  class TBinaryProtocol {
    constructor(transport: object, strictRead?: boolean, strictWrite?: boolean)
    readonly trans: object
    readI64(): unknown
    writeByte(value: number): void
    writeI16(value: number): void
    writeI32(value: number): void
    writeString(value: string): void
    writeI64(value: unknown): void
    readMessageBegin(): { fname: string; mtype: number; rseqid: number }
  }
  export default TBinaryProtocol
}

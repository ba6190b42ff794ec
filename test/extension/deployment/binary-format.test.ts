/** Programs by their first bytes, damaged ones included. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { binaryFormat } from '../../../extension/deployment/binary-format.ts'
import { elfProgram, machoProgram, peProgram, universalProgram } from '../../support/program-file.ts'

describe('the format of a program', () => {
  it.each([
    ['ELF for x64', elfProgram('x64'), { kind: 'elf', processors: ['x64'] }],
    ['ELF for arm64', elfProgram('arm64'), { kind: 'elf', processors: ['arm64'] }],
    ['PE for x64', peProgram('x64'), { kind: 'pe', processors: ['x64'] }],
    ['PE for arm64', peProgram('arm64'), { kind: 'pe', processors: ['arm64'] }],
    ['Mach-O for arm64', machoProgram('arm64'), { kind: 'macho', processors: ['arm64'] }],
    ['universal Mach-O', universalProgram('x64', 'arm64'), { kind: 'macho', processors: ['x64', 'arm64'] }],
    ['a script', Buffer.from('#! /usr/bin/env node\n'), { kind: 'script', interpreter: '/usr/bin/env' }],
    ['a script with CR LF', Buffer.from('#!/bin/sh\r\n'), { kind: 'script', interpreter: '/bin/sh\r' }],
    ['nothing', Buffer.alloc(0), { kind: 'empty' }],
    ['text', Buffer.from('hello, world'), { kind: 'unknown' }],
    ['half an ELF header', elfProgram('x64').subarray(0, 30), { kind: 'truncated' }],
    ['half a PE header', peProgram('x64').subarray(0, 130), { kind: 'truncated' }],
    ['half a universal header', universalProgram('x64', 'arm64').subarray(0, 20), { kind: 'truncated' }],
    ['a Java class', Buffer.from('cafebabe00000041', 'hex'), { kind: 'unknown' }],
    ['a PE header far away', farPe(), { kind: 'unknown' }],
  ])('of %s is seen', (_, head, expected) => {
    expect(binaryFormat(head)).toEqual(expected)
  })

  it('is found for any bytes without a throw', () => {
    const magic = fc.constantFrom('7f454c46', 'cafebabe', 'cffaedfe', '4d5a', '2321', '')
    fc.assert(
      fc.property(magic, fc.uint8Array({ maxLength: 300 }), (start, rest) => {
        const format = binaryFormat(Buffer.concat([Buffer.from(start, 'hex'), rest]))
        expect(format.kind).toMatch(/^(elf|pe|macho|script|empty|unknown|truncated)$/)
      }),
    )
  })
})

function farPe(): Buffer {
  const bytes = peProgram('x64')
  bytes.writeUInt32LE(0xffffffff, 60)
  return bytes
}

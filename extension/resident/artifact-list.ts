/**
 * A bounded list of artifacts, one per path: what a pass keeps of a host where everything matches.
 *
 * When it is full the gravest stay: a malicious file takes the room of a mild one, and what was left out is counted.
 */
import type { Artifact } from '../domain/artifact.ts'
import { type Verdict, verdicts } from '../domain/finding.ts'
import type { PathText } from '../domain/path-text.ts'
import type { FileAt } from '../hunt.ts'

/** An artifact and where its file was. */
export interface FoundArtifact {
  readonly artifact: Artifact
  readonly file: FileAt
}

/** Collects artifacts. */
export class ArtifactList {
  readonly #capacity: number
  readonly #byVerdict = new Map<Verdict, Map<PathText, FoundArtifact>>(verdicts.map((one) => [one, new Map()]))
  #dropped = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** How many were left out. */
  get dropped(): number {
    return this.#dropped
  }

  /** Adds one, in the place of an earlier one of its path. */
  add(found: FoundArtifact): void {
    for (const some of this.#byVerdict.values()) some.delete(found.artifact.path)
    if (this.#size() >= this.#capacity) {
      this.#dropped++
      if (!this.#makeRoom(found.artifact.verdict)) return
    }
    this.#byVerdict.get(found.artifact.verdict)?.set(found.artifact.path, found)
  }

  /** All of them, gravest first. */
  all(): FoundArtifact[] {
    return [...verdicts].reverse().flatMap((verdict) => [...(this.#byVerdict.get(verdict)?.values() ?? [])])
  }

  #size(): number {
    let size = 0
    for (const some of this.#byVerdict.values()) size += some.size
    return size
  }

  /** Drops one that is milder, if there is one. */
  #makeRoom(verdict: Verdict): boolean {
    for (const milder of verdicts) {
      if (milder === verdict) return false
      const some = this.#byVerdict.get(milder)
      for (const path of some?.keys() ?? []) return some?.delete(path) ?? false
    }
    return false
  }
}

/**
 * A table that can be written to: notes kept in memory. Run it: `node extension/sdk/examples/notes.ts`
 */
import { bind, ConstraintError, defineTable, integer, text } from 'osquery-extension-sdk'
import { openSql } from 'osquery-extension-sdk/sql'

interface Note {
  readonly title: string
  readonly body: string
  readonly stars: number | null
}

interface Services {
  readonly notes: Map<string, Note>
}

const notes = defineTable({
  name: 'notes',
  description: 'Notes, by title.',
  platforms: ['windows', 'darwin', 'linux'],
  columns: {
    title: text('What the note is called', { index: true }),
    body: text('The note', { additional: true }),
    stars: integer('How important it is, 1 to 5', { additional: true }),
  },
  identity: ['title'],
  examples: ["SELECT body FROM notes WHERE title = 'todo'", "INSERT INTO notes (title, body) VALUES ('todo', 'milk')"],
  async *generate(_context, { notes }: Services) {
    yield* notes.values()
  },
  insert(note, { notes }) {
    notes.set(note.title, checked(note))
  },
  update(note, previous, { notes }) {
    const replacement = checked(note)
    notes.delete(previous.title)
    notes.set(note.title, replacement)
  },
  delete(note, { notes }) {
    notes.delete(note.title)
  },
})

function checked(note: Note): Note {
  if (note.stars !== null && (note.stars < 1 || note.stars > 5)) {
    throw new ConstraintError(`a note has 1 to 5 stars, not ${note.stars}`)
  }
  return note
}

const database = await openSql([bind(notes, { notes: new Map() })])
await database.query("INSERT INTO notes VALUES ('todo', 'milk', 3), ('later', 'sleep', NULL)")
await database.query("UPDATE notes SET body = body || ', bread' WHERE stars > 2")
await database.query("DELETE FROM notes WHERE title = 'later'")
console.table((await database.query('SELECT * FROM notes')).rows)
await database.query('UPDATE notes SET stars = 9').catch((error: Error) => console.log(error.message))
await database.close()

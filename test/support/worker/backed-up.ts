// What a backup has beside files, and how a database is lost.
import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import { forgetDeployment } from '../../../src/core/deployment/marker.ts'
import { setMarks } from '../../../src/core/packages/marks.ts'
import { moveTag } from '../../../src/core/packages/tags.ts'
import { limitsOf } from '../../../src/env.ts'

/** As a database is that was made anew. */
export async function loseRows(): Promise<void> {
  const { results } = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '*_[cC][fF]_*' AND name NOT LIKE 'd1_%' AND name NOT LIKE 'sqlite_%'",
  ).all<{ name: string }>()
  await env.DB.batch([
    env.DB.prepare('PRAGMA defer_foreign_keys = on'),
    ...results.map(({ name }) => env.DB.prepare(`DELETE FROM "${name}"`)),
  ])
  forgetDeployment()
}

/** A tag, a mark that withdraws, and a name that stays taken. */
export async function changeFirstPackage(): Promise<void> {
  const row = await env.DB.prepare(
    `SELECT p.owner_id AS ownerId, p.type, p.name AS packageName, v.version
     FROM package p JOIN package_version v ON v.package_id = p.id LIMIT 1`,
  ).first<{ ownerId: string; type: string; packageName: string; version: string }>()
  const { version, ...subject } = row ?? expect.fail('a package')
  const change = () => ({ changeId: crypto.randomUUID(), createdBy: 'admin' })
  expect(await moveTag(env.DB, subject, 'latest', version, change(), limitsOf(env))).toBe('moved')
  const marks = [{ version, name: 'yanked', value: 'a "reason"', withdraws: true }]
  const { packageName } = subject
  expect(await setMarks(env.DB, subject, { packageName, marks }, change())).toBe('changed')
  await env.DB.prepare(
    "INSERT INTO retired_version SELECT id, 'generic', 'gone', '1', '', 'x', 'sha', 'Gone' FROM owner",
  ).run()
  const charged = 200 + 2 * (subject.ownerId.length + 'genericgone1x'.length)
  await env.DB.prepare('UPDATE owner_usage SET metadata_bytes = metadata_bytes + ?1')
    .bind(charged)
    .run()
}

// What pages show of a generic package: its files alone, since nobody looked into them.
import { formatPath } from '../../http/path.ts'
import type { PackageView } from '../view.ts'
import { TYPE } from './names.ts'

export const genericView: PackageView = {
  title: 'Generic',
  describe: ({ 0: first }) => ({
    summary: '',
    facts: [],
    relations: [],
    providedNames: first === undefined ? [] : [first.packageName],
  }),
  filePath: (owner, { packageName, version, name }) =>
    formatPath('api', 'packages', owner, TYPE, packageName, version, name),
}

import type { ModuleEntry } from '../api/types';

/** The module as people speak of it: "02 Activations". */
export function moduleLabel(entry: ModuleEntry): string {
  return `${String(entry.number).padStart(2, '0')} ${entry.title}`;
}

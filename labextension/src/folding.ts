import type { IStateDB } from '@jupyterlab/statedb';

import type { SectionName, TinyTorchSidebar } from './sidebar';

const KEY = 'tinytorch-lab:unfolded-sections';

/** Bring back which sections of the sidebar were unfolded, and keep it from then on. */
export async function rememberFolding(
  sidebar: TinyTorchSidebar,
  state: IStateDB
): Promise<void> {
  const kept = await state.fetch(KEY);
  if (Array.isArray(kept)) {
    sidebar.unfolded = kept as SectionName[];
  }
  sidebar.foldingChanged.connect(() => {
    void state.save(KEY, sidebar.unfolded);
  });
}

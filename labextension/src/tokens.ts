import { Token } from '@lumino/coreutils';

import type { MilestonesModel } from './milestones/model';
import type { ModulesModel } from './modules/model';
import type { Notebooks } from './notebook/notebooks';
import type { TestsModel } from './tests/model';
import type { ThinkingModel } from './thinking/model';

/** The state behind everything TinyTorch shows: one model for each concern. */
export interface ITinyTorch {
  readonly milestones: MilestonesModel;
  readonly modules: ModulesModel;
  readonly notebooks: Notebooks;
  readonly tests: TestsModel;
  readonly thinking: ThinkingModel;
}

/** The token of the models, for other extensions. */
export const ITinyTorch = new Token<ITinyTorch>(
  'tinytorch-lab:ITinyTorch',
  'The TinyTorch course in this browser: modules, tests, written answers, milestones.'
);

/** The translation domain of every string. */
export const TRANSLATION_DOMAIN = 'tinytorch_lab';

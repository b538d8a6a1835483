import { Token } from '@lumino/coreutils';

import type { MilestonesModel } from './milestones/model';
import type { ModulesModel } from './modules/model';
import type { Notebooks } from './notebook/notebooks';
import type { PackageModel } from './package/model';
import type { Settings } from './settings';
import type { SubmissionsModel } from './submission/model';
import type { TestsModel } from './tests/model';
import type { Staleness } from './tests/staleness';
import type { ThinkingModel } from './thinking/model';

/** The state behind everything TinyTorch shows: one model for each concern. */
export interface ITinyTorch {
  readonly milestones: MilestonesModel;
  readonly modules: ModulesModel;
  readonly notebooks: Notebooks;
  readonly package: PackageModel;
  readonly settings: Settings;
  readonly staleness: Staleness;
  readonly submissions: SubmissionsModel;
  readonly tests: TestsModel;
  readonly thinking: ThinkingModel;
}

/** The token of the models, for other extensions. */
export const ITinyTorch = new Token<ITinyTorch>(
  'tinytorch-lab:ITinyTorch',
  'The TinyTorch course in this browser: modules, tests, package, answers, submissions, milestones.'
);

/** The translation domain of every string. */
export const TRANSLATION_DOMAIN = 'tinytorch_lab';

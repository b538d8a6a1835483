import { LabIcon } from '@jupyterlab/ui-components';

import emptySvg from '../style/icons/empty.svg';
import exportSvg from '../style/icons/export.svg';
import failedSvg from '../style/icons/failed.svg';
import passedSvg from '../style/icons/passed.svg';
import runningSvg from '../style/icons/running.svg';
import skippedSvg from '../style/icons/skipped.svg';
import startedSvg from '../style/icons/started.svg';
import torchSvg from '../style/icons/torch.svg';
import unavailableSvg from '../style/icons/unavailable.svg';
import warningSvg from '../style/icons/warning.svg';

export const torchIcon = new LabIcon({
  name: 'tinytorch-lab:torch',
  svgstr: torchSvg
});
export const exportIcon = new LabIcon({
  name: 'tinytorch-lab:export',
  svgstr: exportSvg
});
export const passedIcon = new LabIcon({
  name: 'tinytorch-lab:passed',
  svgstr: passedSvg
});
export const failedIcon = new LabIcon({
  name: 'tinytorch-lab:failed',
  svgstr: failedSvg
});
export const runningIcon = new LabIcon({
  name: 'tinytorch-lab:running',
  svgstr: runningSvg
});
export const emptyIcon = new LabIcon({
  name: 'tinytorch-lab:empty',
  svgstr: emptySvg
});
export const startedIcon = new LabIcon({
  name: 'tinytorch-lab:started',
  svgstr: startedSvg
});
export const skippedIcon = new LabIcon({
  name: 'tinytorch-lab:skipped',
  svgstr: skippedSvg
});
export const unavailableIcon = new LabIcon({
  name: 'tinytorch-lab:unavailable',
  svgstr: unavailableSvg
});
export const warningIcon = new LabIcon({
  name: 'tinytorch-lab:warning',
  svgstr: warningSvg
});

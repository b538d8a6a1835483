import { LabIcon } from '@jupyterlab/ui-components';

import emptySvg from '../../style/icons/empty.svg';
import failedSvg from '../../style/icons/failed.svg';
import passedSvg from '../../style/icons/passed.svg';
import runningSvg from '../../style/icons/running.svg';
import skippedSvg from '../../style/icons/skipped.svg';
import startedSvg from '../../style/icons/started.svg';
import unavailableSvg from '../../style/icons/unavailable.svg';
import warningSvg from '../../style/icons/warning.svg';

export const emptyIcon = new LabIcon({
  name: 'tinytorch-lab:empty',
  svgstr: emptySvg
});
export const failedIcon = new LabIcon({
  name: 'tinytorch-lab:failed',
  svgstr: failedSvg
});
export const passedIcon = new LabIcon({
  name: 'tinytorch-lab:passed',
  svgstr: passedSvg
});
export const runningIcon = new LabIcon({
  name: 'tinytorch-lab:running',
  svgstr: runningSvg
});
export const skippedIcon = new LabIcon({
  name: 'tinytorch-lab:skipped',
  svgstr: skippedSvg
});
export const startedIcon = new LabIcon({
  name: 'tinytorch-lab:started',
  svgstr: startedSvg
});
export const unavailableIcon = new LabIcon({
  name: 'tinytorch-lab:unavailable',
  svgstr: unavailableSvg
});
export const warningIcon = new LabIcon({
  name: 'tinytorch-lab:warning',
  svgstr: warningSvg
});

import { LabIcon } from '@jupyterlab/ui-components';

import exportSvg from '../style/icons/export.svg';
import torchSvg from '../style/icons/torch.svg';

export const torchIcon = new LabIcon({
  name: 'tinytorch-lab:torch',
  svgstr: torchSvg
});
export const exportIcon = new LabIcon({
  name: 'tinytorch-lab:export',
  svgstr: exportSvg
});

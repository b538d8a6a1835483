import { MainAreaWidget, ReactWidget } from '@jupyterlab/apputils';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import '../../style/grading.css';

import { CourseClient } from '../api/courses';
import type { Membership } from '../api/types';
import { torchIcon } from '../icons';
import { GradingView } from './GradingView';
import { GradingModel } from './model';

/** What a panel is made from. */
export interface IPanelOptions {
  id: string;
  membership: Membership;
  rendermime: IRenderMimeRegistry;
  settings: ServerConnection.ISettings;
  trans: TranslationBundle;
}

/** Make the grading panel of a course. */
export function createPanel(options: IPanelOptions): MainAreaWidget {
  const { id, membership, rendermime, settings, trans } = options;
  const api = new CourseClient(settings, trans, membership.course);
  const model = new GradingModel(api, membership.role, rendermime);
  const content = ReactWidget.create(
    <GradingView model={model} trans={trans} />
  );
  content.addClass('jp-TinyTorch');
  content.addClass('jp-TinyTorch-grading');
  const panel = new MainAreaWidget({ content });
  panel.toolbar.hide();
  panel.id = id;
  panel.title.label = trans.__('Grading: %1', membership.title);
  panel.title.icon = torchIcon;
  panel.title.closable = true;
  panel.disposed.connect(() => {
    model.dispose();
  });
  return panel;
}

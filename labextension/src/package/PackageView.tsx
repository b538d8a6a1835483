import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { type LabIcon, UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { ExportProblem, PackageFile, PackageOverview } from '../api/types';
import { CommandIDs } from '../commands';
import { EmptyState } from '../components/EmptyState';
import { Notice } from '../components/Notice';
import { StatusIcon } from '../components/StatusIcon';
import { emptyIcon, passedIcon, warningIcon } from '../components/statusIcons';
import type { ModulesModel } from '../modules/model';
import type { Notebooks } from '../notebook/notebooks';
import { DependencyMap } from './DependencyMap';
import { ExportResult, Problems } from './ExportResult';
import type { PackageModel } from './model';

/** What the section of the package is made from. */
export interface IPackageViewProps {
  model: PackageModel;
  modules: ModulesModel;
  notebooks: Pick<Notebooks, 'reveal'>;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** The student's own package: what is in it, what is behind the notebooks, who uses what of whom. */
export function PackageView(props: IPackageViewProps): React.JSX.Element {
  const { model, modules } = props;
  React.useEffect(() => {
    model.watch();
  }, [model]);
  return (
    <UseSignal signal={modules.changed}>
      {() => (
        <UseSignal signal={model.changed}>
          {() => <Content {...props} />}
        </UseSignal>
      )}
    </UseSignal>
  );
}

function Content(props: IPackageViewProps): React.JSX.Element {
  const { model, modules, notebooks, trans } = props;
  const { error, overview } = model;
  const { report } = modules;
  const show = (problem: ExportProblem): void => {
    const module = PathExt.basename(problem.notebook, '.ipynb');
    const index = (problem.cell ?? 1) - 1;
    void notebooks.reveal(module, () => index);
  };
  return (
    <div className="jp-TinyTorch-section">
      {error && (
        <Notice
          message={error.message}
          onRetry={() => void model.refresh()}
          trans={trans}
        />
      )}
      {report && (
        <ExportResult
          report={report}
          onDismiss={() => {
            modules.dismissReport();
          }}
          onShow={show}
          trans={trans}
        />
      )}
      {overview && <Package {...props} overview={overview} onShow={show} />}
      {!overview && !error && (
        <p className="jp-TinyTorch-hint" role="status">
          {trans.__('Looking at the package…')}
        </p>
      )}
    </div>
  );
}

function Package(
  props: IPackageViewProps & {
    overview: PackageOverview;
    onShow: (problem: ExportProblem) => void;
  }
): React.JSX.Element {
  const { commands, modules, overview, trans } = props;
  const { files, problems, uses } = overview;
  if (files.length === 0) {
    return (
      <EmptyState
        message={trans.__(
          'Your package is empty. Start a module, write its code, export it.'
        )}
      />
    );
  }
  const due = files.filter(file => file.state !== 'current').length;
  // The report of an export that failed tells of the same problems.
  const shown = modules.report?.problems.length ? [] : problems;
  return (
    <>
      <p role="status">
        {due === 0
          ? trans.__('Everything is exported.')
          : trans._n(
              '%1 of %2 files is not up to date.',
              '%1 of %2 files are not up to date.',
              due,
              files.length
            )}
      </p>
      {shown.length > 0 && (
        <div className="jp-TinyTorch-notice">
          <StatusIcon icon={warningIcon} state="warning" />
          <div className="jp-TinyTorch-noticeBody">
            <p>{trans.__('This keeps your code from being exported:')}</p>
            <Problems problems={shown} onShow={props.onShow} trans={trans} />
          </div>
        </div>
      )}
      <ul className="jp-TinyTorch-files">
        {files.map(file => (
          <FileItem
            key={file.name}
            file={file}
            onExport={() =>
              void commands.execute(CommandIDs.exportModule, {
                module: file.module
              })
            }
            trans={trans}
          />
        ))}
      </ul>
      {due > 0 && (
        <button
          type="button"
          className="jp-TinyTorch-button jp-mod-primary"
          onClick={() => void commands.execute(CommandIDs.exportAll)}
        >
          {trans.__('Export all')}
        </button>
      )}
      <DependencyMap files={files} uses={uses} trans={trans} />
    </>
  );
}

const STATE_ICONS: Record<PackageFile['state'], LabIcon> = {
  missing: emptyIcon,
  behind: warningIcon,
  current: passedIcon
};

const STATE_COLOURS: Record<PackageFile['state'], string> = {
  missing: 'empty',
  behind: 'warning',
  current: 'passed'
};

function FileItem(props: {
  file: PackageFile;
  onExport: () => void;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { file, trans } = props;
  return (
    <li className={`jp-TinyTorch-file jp-mod-${file.state}`}>
      <p className="jp-TinyTorch-fileHead">
        <StatusIcon
          icon={STATE_ICONS[file.state]}
          state={STATE_COLOURS[file.state]}
        />
        <code className="jp-TinyTorch-code">{`${file.name}.py`}</code>
        <span>{stateLabel(file.state, trans)}</span>
        {file.state !== 'current' && (
          <button
            type="button"
            className="jp-TinyTorch-link"
            aria-label={trans.__('Export %1', file.module)}
            onClick={props.onExport}
          >
            {trans.__('Export')}
          </button>
        )}
      </p>
      {file.names.length > 0 && (
        <p className="jp-TinyTorch-hint jp-TinyTorch-names">
          {file.names.join(', ')}
        </p>
      )}
    </li>
  );
}

function stateLabel(
  state: PackageFile['state'],
  trans: TranslationBundle
): string {
  switch (state) {
    case 'missing':
      return trans.__('Not exported');
    case 'behind':
      return trans.__('Behind the notebook');
    case 'current':
      return trans.__('Up to date');
  }
}

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { PackageFile, Use } from '../api/types';

const ROW = 24;
const STEP = 9;

/** Who uses what of whom: a line for each file, an arc from every user down to what it uses, and the same in words. */
export function DependencyMap(props: {
  files: readonly PackageFile[];
  uses: readonly Use[];
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { files, trans, uses } = props;
  const [chosen, choose] = React.useState<string | null>(null);
  const places = new Map(files.map((file, place) => [file.name, place]));
  const arcs = uses.flatMap(use => {
    const from = places.get(use.used);
    const to = places.get(use.user);
    return from === undefined || to === undefined ? [] : [{ use, from, to }];
  });
  if (arcs.length === 0) {
    return null;
  }
  const reach = Math.max(...arcs.map(({ from, to }) => Math.abs(to - from)));
  const width = reach * STEP + 12;
  return (
    <details className="jp-TinyTorch-map">
      <summary>{trans.__('Who uses what')}</summary>
      <div className="jp-TinyTorch-mapBody">
        <svg
          aria-hidden="true"
          width={width}
          height={files.length * ROW}
          viewBox={`0 0 ${width} ${files.length * ROW}`}
        >
          {arcs.map(({ from, to, use }) => (
            <path
              key={`${use.user} ${use.used}`}
              className={
                chosen === use.user || chosen === use.used
                  ? 'jp-mod-chosen'
                  : undefined
              }
              d={arc(from, to, width)}
            />
          ))}
        </svg>
        <ul>
          {files.map(file => (
            <li key={file.name} style={{ height: ROW }}>
              <button
                type="button"
                className="jp-TinyTorch-mapFile"
                aria-pressed={chosen === file.name}
                onClick={() => {
                  choose(chosen === file.name ? null : file.name);
                }}
              >
                {file.name}
              </button>
            </li>
          ))}
        </ul>
      </div>
      <div role="status">
        {chosen && <Relations file={chosen} uses={uses} trans={trans} />}
      </div>
    </details>
  );
}

function Relations(props: {
  file: string;
  uses: readonly Use[];
  trans: TranslationBundle;
}): React.JSX.Element {
  const { file, trans, uses } = props;
  const taken = uses.filter(use => use.user === file);
  const given = uses.filter(use => use.used === file);
  return (
    <ul className="jp-TinyTorch-relations">
      {taken.map(use => (
        <li key={use.used}>
          {trans.__('%1 uses %2: %3', file, use.used, use.names.join(', '))}
        </li>
      ))}
      {given.length > 0 && (
        <li>
          {trans.__(
            'A change of %1 concerns %2.',
            file,
            given.map(use => use.user).join(', ')
          )}
        </li>
      )}
      {taken.length === 0 && given.length === 0 && (
        <li>{trans.__('%1 stands by itself.', file)}</li>
      )}
    </ul>
  );
}

/** A half circle on the left of the list, from the middle of one row to that of another. */
function arc(from: number, to: number, width: number): string {
  const [top, bottom] = [
    (Math.min(from, to) + 0.5) * ROW,
    (Math.max(from, to) + 0.5) * ROW
  ];
  const bend = width - Math.abs(to - from) * STEP - 8;
  return `M ${width} ${top} C ${bend} ${top}, ${bend} ${bottom}, ${width} ${bottom}`;
}

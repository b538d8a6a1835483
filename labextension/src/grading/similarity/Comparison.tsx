import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useEffect, useMemo, useRef } from 'react';

import type { CellText, Passage, SimilarPair } from '../../api/courseTypes';
import { Loaded } from '../components/Loaded';
import { Loadable } from '../loadable';
import type { GradingModel } from '../model';

/** What two students handed in, side by side, with the passages they share marked. */
export function Comparison(props: {
  model: GradingModel;
  module: string;
  pair: SimilarPair;
  onClose: () => void;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { model, module, onClose, pair, trans } = props;
  const { left, matches, right } = pair;
  const texts = useMemo(
    () => new Loadable(() => model.api.sideBySide(module, left, right)),
    [left, model, module, right]
  );
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus();
  }, [texts]);
  return (
    <section className="jp-TinyTorch-comparison">
      <h2 tabIndex={-1} ref={heading}>
        {trans.__('%1 and %2', left, right)}
      </h2>
      <button type="button" className="jp-TinyTorch-button" onClick={onClose}>
        {trans.__('Close')}
      </button>
      <Loaded of={texts} trans={trans}>
        {found => (
          <div className="jp-TinyTorch-columns">
            <Side
              student={left}
              cells={found.left_cells}
              passages={matches.map(match => match.left)}
            />
            <Side
              student={right}
              cells={found.right_cells}
              passages={matches.map(match => match.right)}
            />
          </div>
        )}
      </Loaded>
    </section>
  );
}

function Side(props: {
  student: string;
  cells: readonly CellText[];
  passages: readonly Passage[];
}): React.JSX.Element {
  const { cells, passages, student } = props;
  const shared = cells.filter(({ cell }) =>
    passages.some(passage => passage.cell === cell)
  );
  return (
    <section aria-label={student}>
      <h3>{student}</h3>
      {shared.map(({ cell, text }) => (
        <React.Fragment key={cell}>
          <h4>{cell}</h4>
          {/* Long lines scroll, and so must be reached by keyboard. */}
          {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
          <pre className="jp-TinyTorch-code" tabIndex={0}>
            {text.split('\n').map((line, place) => (
              <Line
                key={place}
                text={line}
                isShared={isWithin(passages, cell, place + 1)}
              />
            ))}
          </pre>
        </React.Fragment>
      ))}
    </section>
  );
}

function Line(props: { text: string; isShared: boolean }): React.JSX.Element {
  const { isShared, text } = props;
  return isShared ? <mark>{`${text}\n`}</mark> : <>{`${text}\n`}</>;
}

function isWithin(
  passages: readonly Passage[],
  cell: string,
  line: number
): boolean {
  return passages.some(
    passage =>
      passage.cell === cell &&
      passage.first_line <= line &&
      line <= passage.last_line
  );
}

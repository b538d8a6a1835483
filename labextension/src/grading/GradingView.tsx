import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import React, { useRef } from 'react';

import { AuditPage } from './audit/AuditPage';
import { CalibrationPage } from './calibration/CalibrationPage';
import { JobsPage } from './jobs/JobsPage';
import { MarkingPage } from './marking/MarkingPage';
import type { GradingModel, Page } from './model';
import { OverviewPage } from './overview/OverviewPage';
import { ReportsPage } from './reports/ReportsPage';
import { SimilarityPage } from './similarity/SimilarityPage';
import { TermsPage } from './terms/TermsPage';

/** What every page of the panel gets. */
export interface IPageProps {
  model: GradingModel;
  trans: TranslationBundle;
}

const PAGES: Record<Page, (props: IPageProps) => React.JSX.Element> = {
  overview: OverviewPage,
  marking: MarkingPage,
  calibration: CalibrationPage,
  jobs: JobsPage,
  terms: TermsPage,
  reports: ReportsPage,
  similarity: SimilarityPage,
  audit: AuditPage
};

/** The panel: a row of tabs, and the page of the one that is chosen. */
export function GradingView(props: IPageProps): React.JSX.Element {
  const { model, trans } = props;
  return (
    <UseSignal signal={model.changed}>
      {() => {
        const Content = PAGES[model.page];
        return (
          <>
            <Tabs model={model} trans={trans} />
            <div
              className="jp-TinyTorch-page"
              role="tabpanel"
              id="jp-TinyTorch-page"
              aria-labelledby={tabId(model.page)}
              tabIndex={-1}
            >
              <Content {...props} />
            </div>
          </>
        );
      }}
    </UseSignal>
  );
}

function Tabs({ model, trans }: IPageProps): React.JSX.Element {
  const list = useRef<HTMLDivElement>(null);
  const pages = model.pages;
  const move = (event: React.KeyboardEvent): void => {
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1 };
    const step = steps[event.key];
    if (step === undefined) {
      return;
    }
    const place = pages.indexOf(model.page) + step;
    const next = pages[(place + pages.length) % pages.length];
    if (next) {
      event.preventDefault();
      model.show(next);
      list.current?.querySelector<HTMLElement>(`#${tabId(next)}`)?.focus();
    }
  };
  return (
    <div
      className="jp-TinyTorch-tabs"
      role="tablist"
      aria-label={trans.__('Grading')}
      ref={list}
    >
      {pages.map(page => (
        <button
          key={page}
          type="button"
          role="tab"
          id={tabId(page)}
          aria-selected={page === model.page}
          aria-controls="jp-TinyTorch-page"
          tabIndex={page === model.page ? 0 : -1}
          onKeyDown={move}
          onClick={() => {
            model.show(page);
          }}
        >
          {pageTitle(page, trans)}
        </button>
      ))}
    </div>
  );
}

function tabId(page: Page): string {
  return `jp-TinyTorch-tab-${page}`;
}

function pageTitle(page: Page, trans: TranslationBundle): string {
  const titles: Record<Page, string> = {
    overview: trans.__('Overview'),
    marking: trans.__('Marking'),
    calibration: trans.__('Calibration'),
    jobs: trans.__('Jobs'),
    terms: trans.__('Dates and lateness'),
    reports: trans.__('Reports'),
    similarity: trans.__('Similarity'),
    audit: trans.__('Audit')
  };
  return titles[page];
}

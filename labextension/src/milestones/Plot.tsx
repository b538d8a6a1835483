import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { MilestoneEntry, MilestoneResult } from '../api/types';
import { Notice } from '../components/Notice';

/** What the plot of a run needs to know. */
export interface IPlotProps {
  entry: MilestoneEntry;
  result: MilestoneResult;
  load: (number: number) => Promise<Blob>;
  trans: TranslationBundle;
}

/** The plot of a milestone's last run, small; a click shows it in full. */
export function Plot(props: IPlotProps): React.JSX.Element | null {
  const { entry, result, trans } = props;
  const { error, url } = usePlot(props);
  if (error) {
    return <Notice message={error.message} trans={trans} />;
  }
  if (url === null) {
    return null;
  }
  const alt = trans.__('Plot of %1. %2', entry.title, result.message);
  return (
    <button
      type="button"
      className="jp-TinyTorch-plot"
      title={trans.__('Show the plot in full size')}
      onClick={() => {
        void showDialog({
          title: entry.title,
          body: <img className="jp-TinyTorch-plotLarge" src={url} alt={alt} />,
          buttons: [Dialog.okButton({ label: trans.__('Close') })]
        });
      }}
    >
      <img src={url} alt={alt} />
    </button>
  );
}

interface IPlotState {
  url: string | null;
  error: Error | null;
}

/** The plot as an address that this page can show; requests of our own carry the user's token, those of `img` do not. */
function usePlot(props: IPlotProps): IPlotState {
  const { load, entry, result } = props;
  const [state, setState] = React.useState<IPlotState>({
    url: null,
    error: null
  });
  const latest = React.useRef(load);
  latest.current = load;
  React.useEffect(() => {
    let url: string | null = null;
    let gone = false;
    latest.current(entry.number).then(
      plot => {
        if (!gone) {
          url = URL.createObjectURL(plot);
          setState({ url, error: null });
        }
      },
      (error: unknown) => {
        if (!gone) {
          setState({ url: null, error: error as Error });
        }
      }
    );
    return () => {
      gone = true;
      if (url !== null) {
        URL.revokeObjectURL(url);
      }
    };
  }, [entry.number, result.date]);
  return state;
}

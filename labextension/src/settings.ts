import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { type ISignal, Signal } from '@lumino/signaling';

/** What a student can set. */
export interface Preferences {
  runTestsOnSave: boolean;
  showBadges: boolean;
  showTour: boolean;
}

const DEFAULTS: Preferences = {
  runTestsOnSave: false,
  showBadges: true,
  showTour: true
};

/** The settings of the sidebar; the defaults where a page has no settings. */
export class Settings {
  constructor(loaded: Promise<ISettingRegistry.ISettings> | null) {
    loaded?.then(
      settings => {
        this._settings = settings;
        settings.changed.connect(this._onChanged, this);
        this._onChanged();
      },
      () => {
        // Without the schema on the server the defaults go on.
        this._ready = true;
        this._changed.emit();
      }
    );
    this._ready = loaded === null;
  }

  /** Emitted when a setting may have changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Whether the settings have been read; until then the defaults show. */
  get ready(): boolean {
    return this._ready;
  }

  /** The present values. */
  get values(): Preferences {
    return {
      ...DEFAULTS,
      ...(this._settings?.composite as Partial<Preferences> | undefined)
    };
  }

  /** Change one setting for good. */
  async set<K extends keyof Preferences>(
    name: K,
    value: Preferences[K]
  ): Promise<void> {
    await this._settings?.set(name, value);
  }

  private _onChanged(): void {
    this._ready = true;
    this._changed.emit();
  }

  private readonly _changed = new Signal<this, void>(this);
  private _settings: ISettingRegistry.ISettings | null = null;
  private _ready: boolean;
}

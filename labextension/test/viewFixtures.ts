import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';

import type { ModuleEntry } from '../src/api/types';
import { CommandIDs } from '../src/commands';
import type { Notebooks } from '../src/notebook/notebooks';

/** The open notebooks as a test arranges them. */
export class FakeNotebooks {
  readonly changed = new Signal<this, void>(this);
  readonly panel = null;
  readonly reveal = jest.fn().mockResolvedValue(undefined);
  constructor(readonly current: ModuleEntry | undefined) {}

  get asNotebooks(): Notebooks {
    return this as unknown as Notebooks;
  }
}

/** A registry in which every command is recorded. */
export function recordingCommands(): {
  commands: CommandRegistry;
  calls: unknown[];
} {
  const commands = new CommandRegistry();
  const calls: unknown[] = [];
  for (const id of Object.values(CommandIDs)) {
    commands.addCommand(id, {
      execute: args => calls.push([id, ...Object.values(args)])
    });
  }
  return { commands, calls };
}

/** Let polls that are due ask and be answered. */
export function settle(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, 50));
}

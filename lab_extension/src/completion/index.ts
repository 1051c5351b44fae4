import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICompletionProviderManager } from '@jupyterlab/completer';
import { IDebugger } from '@jupyterlab/debugger';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';

import { Activation, type IManager } from './activation';
import { KernelClient } from './client';
import { RankedProvider } from './provider';
import { RankedRenderer } from './renderer';
import { StockCompletions } from './stock';

/** Completions ranked and starred by the kernel. */
export const completion: JupyterFrontEndPlugin<void> = {
  id: 'polaris-lab:completion',
  description: 'Completions that a model in the kernel ranks and gives stars.',
  autoStart: true,
  requires: [ICompletionProviderManager, IRenderMimeRegistry, ISettingRegistry],
  optional: [IDebugger],
  activate: (
    _app: JupyterFrontEnd,
    manager: ICompletionProviderManager,
    rendermime: IRenderMimeRegistry,
    registry: ISettingRegistry,
    debug: IDebugger | null
  ) => {
    const stock = new StockCompletions();
    const provider = new RankedProvider(
      new KernelClient(),
      stock,
      new RankedRenderer(rendermime),
      debug
    );
    manager.registerProvider(provider);
    // The interface leaves out how to activate providers; the only class has it.
    const whole = manager as IManager;
    new Activation(whole, registry, completion.id, provider, stock);
  }
};

import {
  type CompletionProviderManager,
  CONTEXT_PROVIDER_ID,
  type ICompletionProvider,
  type ICompletionProviderManager,
  KERNEL_PROVIDER_ID
} from '@jupyterlab/completer';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';

import type { RankedProvider } from './provider';
import type { StockCompletions } from './stock';
import { PROVIDER_ID } from './tokens';

/** JupyterLab's settings of the completer. */
const CORE = '@jupyterlab/completer-extension:manager';

/** JupyterLab's own providers; the debugger's package does not export its name. */
const STOCK = [CONTEXT_PROVIDER_ID, KERNEL_PROVIDER_ID, 'DebuggerCompletionProvider'];

/** What we need of the manager of providers, the only class of its interface. */
export type IManager = ICompletionProviderManager &
  Pick<
    CompletionProviderManager,
    'activateProvider' | 'getProviders' | 'setShowDocumentationPanel' | 'setTimeout'
  >;

/**
 * Puts our provider in the place of JupyterLab's own, and back, as the settings say.
 *
 * JupyterLab activates the providers whenever its settings change, and says so; we
 * follow suit. Nothing is written into the user's settings.
 */
export class Activation {
  constructor(
    private readonly _manager: IManager,
    private readonly _registry: ISettingRegistry,
    private readonly _id: string,
    private readonly _provider: RankedProvider,
    private readonly _stock: StockCompletions
  ) {
    _manager.activeProvidersChanged.connect(() => {
      if (!this._applying) {
        this._follow();
      }
    });
  }

  private _follow(): void {
    this._apply().catch((reason: unknown) => {
      console.error('Polaris cannot set up the completer.', reason);
    });
  }

  private async _apply(): Promise<void> {
    // Loaded only now: JupyterLab completes the defaults of its settings first.
    const { core, own } = await (this._settings ??= this._load());
    const setting = core.get('availableProviders');
    const ranks = {
      ...((setting.user ?? setting.composite) as Record<string, number>)
    };
    const on = own.get('enabled').composite === true && !(ranks[PROVIDER_ID] < 0);
    this._provider.budget = own.get('budget').composite as number;

    const chosen = Object.keys(ranks)
      .filter(id => id !== PROVIDER_ID && ranks[id] >= 0)
      .sort((a, b) => ranks[b] - ranks[a]);
    const known = this._manager.getProviders();
    this._stock.providers = chosen
      .filter(id => STOCK.includes(id))
      .map(id => known.get(id))
      .filter((provider): provider is ICompletionProvider => provider !== undefined);
    const others = chosen.filter(id => !STOCK.includes(id));
    const timeout = core.get('providerTimeout').composite as number;
    this._stock.timeout = timeout;

    const panel = core.get('showDocumentationPanel');
    this._stock.documented = panel.composite === true;
    const documented =
      panel.user === undefined && on && own.get('showDocumentation').composite === true;

    this._applying = true;
    try {
      this._manager.setShowDocumentationPanel(this._stock.documented || documented);
      // A list that comes late is better than none, which is what JupyterLab shows when
      // a provider takes longer. But a list waits for the slowest of its providers.
      const alone = on && others.length === 0;
      this._manager.setTimeout(alone ? this._provider.patience : timeout);
      this._manager.activateProvider(on ? [PROVIDER_ID, ...others] : chosen);
    } finally {
      this._applying = false;
    }
  }

  private async _load() {
    const core = await this._registry.load(CORE);
    const own = await this._registry.load(this._id);
    own.changed.connect(() => {
      this._follow();
    });
    return { core, own };
  }

  private _applying = false;
  private _settings: ReturnType<Activation['_load']> | null = null;
}

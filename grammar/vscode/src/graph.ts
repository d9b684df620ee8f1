// "Show Model Graph": the entry point under the cursor as a picture, beside the program. It is drawn again when the program is
// saved, and a double click on a box leads to its place in the source.

import * as vscode from 'vscode';
import { LanguageClient, Location, ResponseError } from 'vscode-languageclient/node';

/** What the server answers to `tri/graph`: a page, and where its boxes come from. */
interface Graph {
  title: string;
  text: string;
  nodes: { node: number; source: Location }[];
}

/** Tells the extension which box was clicked twice. */
const REPORT = `<script>
const vscode = acquireVsCodeApi();
document.addEventListener('dblclick', event => {
  const box = event.target.closest('g[id^=n]');
  if (box) vscode.postMessage({ node: Number(box.id.slice(1)) });
});
</script>`;

/** The page holds its own script and style, and loads nothing. */
const POLICY = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'">`;

export class GraphView implements vscode.Disposable {
  private readonly subscriptions: vscode.Disposable[];
  private panel: vscode.WebviewPanel | undefined;
  private shown: Graph['nodes'] = [];
  private source: { uri: vscode.Uri; position: vscode.Position } | undefined;

  constructor(private readonly client: LanguageClient) {
    this.subscriptions = [vscode.workspace.onDidSaveTextDocument(document => this.follow(document))];
  }

  dispose(): void {
    this.panel?.dispose();
    this.subscriptions.forEach(subscription => subscription.dispose());
  }

  async show(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (editor?.document.languageId !== 'tri') {
      return;
    }
    this.source = { uri: editor.document.uri, position: editor.selection.active };
    const refused = await this.draw();
    if (refused !== undefined) {
      void vscode.window.showInformationMessage(refused);
    }
  }

  /** Programs that import each other change together, so the picture follows whichever is saved; one that cannot be drawn stays. */
  private async follow(document: vscode.TextDocument): Promise<void> {
    if (this.panel && document.languageId === 'tri') {
      await this.draw();
    }
  }

  /** Asks for the picture and shows it; says why there is none. */
  private async draw(): Promise<string | undefined> {
    if (!this.source) {
      return undefined;
    }
    const { code2ProtocolConverter: converter } = this.client;
    const params = {
      textDocument: { uri: converter.asUri(this.source.uri) },
      position: converter.asPosition(this.source.position),
      format: 'html',
    };
    let graph: Graph;
    try {
      graph = await this.client.sendRequest<Graph>('tri/graph', params);
    } catch (error) {
      if (error instanceof ResponseError) {
        return error.message;
      }
      throw error;
    }
    const panel = this.opened();
    panel.title = graph.title;
    panel.webview.html = graph.text.replace('<head>', () => `<head>${POLICY}`).replace('</body>', () => `${REPORT}</body>`);
    this.shown = graph.nodes;
    return undefined;
  }

  private opened(): vscode.WebviewPanel {
    if (!this.panel) {
      const column = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
      const options = { enableScripts: true, retainContextWhenHidden: true, localResourceRoots: [] };
      this.panel = vscode.window.createWebviewPanel('tri.graph', 'Model Graph', column, options);
      this.panel.onDidDispose(() => (this.panel = undefined));
      this.panel.webview.onDidReceiveMessage(({ node }: { node: number }) => this.open(node));
    }
    return this.panel;
  }

  /** Opens the place in the source that a box stands for. */
  private async open(node: number): Promise<void> {
    const found = this.shown.find(known => known.node === node);
    if (!found) {
      return;
    }
    const { uri, range } = this.client.protocol2CodeConverter.asLocation(found.source);
    await vscode.window.showTextDocument(uri, { selection: range, viewColumn: vscode.ViewColumn.One });
  }
}

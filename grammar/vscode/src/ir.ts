// "Show IR": what the function under the cursor becomes, beside the program: tensor IR, kernel IR or instructions. It follows the
// cursor, and marks what belongs together on both sides.

import * as vscode from 'vscode';
import { LanguageClient, Location, ResponseError } from 'vscode-languageclient/node';

/** What the server answers to `tri/ir`: a text, and where its lines come from. */
interface Ir {
  text: string;
  lines: { line: number; source: Location }[];
}

/** How far the compiler has come, as the server calls it. */
type Stage = 'tensor' | 'kernel' | 'assembly';

const STAGES: (vscode.QuickPickItem & { stage: Stage })[] = [
  { label: 'Tensor IR', description: 'before the passes', stage: 'tensor' },
  { label: 'Kernel IR', description: 'fused kernels, after the passes', stage: 'kernel' },
  { label: 'Assembly', description: 'instructions for this machine', stage: 'assembly' },
];

export class IrView implements vscode.Disposable, vscode.TextDocumentContentProvider {
  private static readonly place = vscode.Uri.parse('tri-ir:function.ir');

  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;

  private readonly mark = vscode.window.createTextEditorDecorationType({
    backgroundColor: new vscode.ThemeColor('editor.wordHighlightBackground'),
  });
  private readonly subscriptions: vscode.Disposable[];
  private shown: Ir = { text: '', lines: [] };
  private stage: Stage = 'tensor';

  constructor(private readonly client: LanguageClient) {
    this.subscriptions = [
      this.mark,
      this.changed,
      vscode.workspace.registerTextDocumentContentProvider(IrView.place.scheme, this),
      vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => this.follow(textEditor)),
    ];
  }

  dispose(): void {
    this.subscriptions.forEach(subscription => subscription.dispose());
  }

  provideTextDocumentContent(): string {
    return this.shown.text;
  }

  async show(): Promise<void> {
    const source = vscode.window.activeTextEditor;
    if (source?.document.languageId !== 'tri') {
      return;
    }
    const picked = await vscode.window.showQuickPick(STAGES, { placeHolder: 'What to show of the function under the cursor' });
    if (!picked) {
      return;
    }
    this.stage = picked.stage;
    const refused = await this.load(source);
    if (refused !== undefined) {
      void vscode.window.showInformationMessage(refused);
      return;
    }
    const document = await vscode.workspace.openTextDocument(IrView.place);
    const column = vscode.ViewColumn.Beside;
    await vscode.window.showTextDocument(document, { viewColumn: column, preserveFocus: true, preview: false });
    this.markFrom(source);
  }

  private async follow(editor: vscode.TextEditor): Promise<void> {
    if (!this.editor()) {
      return;
    }
    if (editor.document.uri.toString() === IrView.place.toString()) {
      this.markTo(editor);
    } else if (editor.document.languageId === 'tri' && (await this.load(editor)) === undefined) {
      this.markFrom(editor);
    }
  }

  /** Asks for the function under the cursor; says why there is none. */
  private async load(source: vscode.TextEditor): Promise<string | undefined> {
    const { document, selection } = source;
    const params = {
      textDocument: { uri: this.client.code2ProtocolConverter.asUri(document.uri) },
      position: this.client.code2ProtocolConverter.asPosition(selection.active),
      stage: this.stage,
    };
    try {
      this.shown = await this.client.sendRequest<Ir>('tri/ir', params);
    } catch (error) {
      if (error instanceof ResponseError) {
        return error.message;
      }
      throw error;
    }
    this.changed.fire(IrView.place);
    return undefined;
  }

  /** Marks the lines of the IR that come from what is under the cursor of the program. */
  private markFrom(source: vscode.TextEditor): void {
    const cursor = source.selection.active;
    const uri = source.document.uri.toString();
    const parts = this.parts().filter(part => part.uri === uri && part.source.contains(cursor));
    const editor = this.editor();
    editor?.setDecorations(this.mark, parts.map(part => part.line));
    source.setDecorations(this.mark, []);
    if (parts[0]) {
      editor?.revealRange(parts[0].line, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    }
  }

  /** Marks the parts of programs that the line of the IR under the cursor comes from. */
  private markTo(editor: vscode.TextEditor): void {
    const parts = this.parts().filter(part => part.line.start.line === editor.selection.active.line);
    for (const source of vscode.window.visibleTextEditors) {
      const uri = source.document.uri.toString();
      const marked = source === editor ? [] : parts.filter(part => part.uri === uri).map(part => part.source);
      source.setDecorations(this.mark, marked);
    }
  }

  private parts(): { line: vscode.Range; uri: string; source: vscode.Range }[] {
    const { protocol2CodeConverter: converter } = this.client;
    return this.shown.lines.map(({ line, source }) => ({
      line: new vscode.Range(line, 0, line, Number.MAX_SAFE_INTEGER),
      uri: converter.asUri(source.uri).toString(),
      source: converter.asRange(source.range),
    }));
  }

  private editor(): vscode.TextEditor | undefined {
    const place = IrView.place.toString();
    return vscode.window.visibleTextEditors.find(({ document }) => document.uri.toString() === place);
  }
}

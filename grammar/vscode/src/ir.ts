// "Show IR": the tensor IR of the function under the cursor, beside the program. It follows the cursor, and marks what
// belongs together on both sides.

import * as vscode from 'vscode';
import { LanguageClient, Range } from 'vscode-languageclient/node';

/** What the server answers to `tri/ir`: a text, and which of its lines come from which part of the program. */
interface Ir {
  text: string;
  spans: { ir: Range; source: Range }[];
}

export class IrView implements vscode.Disposable, vscode.TextDocumentContentProvider {
  private static readonly place = vscode.Uri.parse('tri-ir:function.ir');

  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;

  private readonly mark = vscode.window.createTextEditorDecorationType({
    backgroundColor: new vscode.ThemeColor('editor.wordHighlightBackground'),
  });
  private readonly subscriptions: vscode.Disposable[];
  private shown: { source: vscode.Uri; version: number; ir: Ir } | undefined;

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
    return this.shown?.ir.text ?? '';
  }

  async show(): Promise<void> {
    const source = vscode.window.activeTextEditor;
    if (source?.document.languageId !== 'tri' || !(await this.load(source))) {
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
    } else if (editor.document.languageId === 'tri' && (await this.load(editor))) {
      this.markFrom(editor);
    }
  }

  /** Asks for the function under the cursor; says whether there is one. */
  private async load(source: vscode.TextEditor): Promise<boolean> {
    const { document, selection } = source;
    const params = {
      textDocument: { uri: this.client.code2ProtocolConverter.asUri(document.uri) },
      position: this.client.code2ProtocolConverter.asPosition(selection.active),
    };
    const ir = await this.client.sendRequest<Ir | null>('tri/ir', params);
    if (!ir) {
      return false;
    }
    this.shown = { source: document.uri, version: document.version, ir };
    this.changed.fire(IrView.place);
    return true;
  }

  /** Marks the lines of the IR that come from what is under the cursor of the program. */
  private markFrom(source: vscode.TextEditor): void {
    const cursor = source.selection.active;
    const parts = this.parts().filter(part => part.source.contains(cursor));
    const editor = this.editor();
    editor?.setDecorations(this.mark, parts.map(part => part.ir));
    source.setDecorations(this.mark, []);
    if (parts[0]) {
      editor?.revealRange(parts[0].ir, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    }
  }

  /** Marks the parts of the program that the IR under the cursor comes from. */
  private markTo(editor: vscode.TextEditor): void {
    const cursor = editor.selection.active;
    const parts = this.parts().filter(part => part.ir.contains(cursor));
    const source = vscode.window.visibleTextEditors.find(
      ({ document }) => document.uri.toString() === this.shown?.source.toString(),
    );
    // The places are of the text that was asked about.
    if (source?.document.version === this.shown?.version) {
      source?.setDecorations(this.mark, parts.map(part => part.source));
    }
    editor.setDecorations(this.mark, []);
  }

  private parts(): { ir: vscode.Range; source: vscode.Range }[] {
    const { protocol2CodeConverter: converter } = this.client;
    const spans = this.shown?.ir.spans ?? [];
    return spans.map(({ ir, source }) => ({ ir: converter.asRange(ir), source: converter.asRange(source) }));
  }

  private editor(): vscode.TextEditor | undefined {
    const place = IrView.place.toString();
    return vscode.window.visibleTextEditors.find(({ document }) => document.uri.toString() === place);
  }
}

// The extension: starts `triton lsp`, and adds what the protocol does not have. All knowledge of Tri is in the server.

import * as vscode from 'vscode';
import { LanguageClient, LanguageClientOptions, ServerOptions } from 'vscode-languageclient/node';

import { GraphView } from './graph';
import { IrView } from './ir';
import { TritonTasks, compile, runTest } from './tasks';

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  client = newClient();
  const ir = new IrView(client);
  const graph = new GraphView(client);
  context.subscriptions.push(
    ir,
    graph,
    vscode.tasks.registerTaskProvider(TritonTasks.type, new TritonTasks()),
    vscode.commands.registerCommand('tri.showIr', () => ir.show()),
    vscode.commands.registerCommand('tri.showGraph', () => graph.show()),
    vscode.commands.registerCommand('tri.runTest', runTest),
    vscode.commands.registerCommand('tri.compile', compile),
    vscode.commands.registerCommand('tri.restartServer', () => client?.restart()),
  );
  await start(client);
}

export async function deactivate(): Promise<void> {
  await client?.stop();
}

/** The command of the toolchain. */
export function triton(): string {
  return vscode.workspace.getConfiguration('tri').get('server.path', 'triton');
}

function newClient(): LanguageClient {
  const server: ServerOptions = { command: triton(), args: ['lsp'] };
  const options: LanguageClientOptions = {
    documentSelector: [
      { scheme: 'file', language: 'tri' },
      { scheme: 'untitled', language: 'tri' },
    ],
  };
  return new LanguageClient('tri', 'Tri', server, options);
}

/** Starts the server, or says what to do about it. */
async function start(client: LanguageClient): Promise<void> {
  try {
    await client.start();
  } catch (error) {
    const settings = 'Open Settings';
    const reason = error instanceof Error ? error.message : String(error);
    const message = `\`${triton()} lsp\` does not start: ${reason}. Install triton, or say in tri.server.path where it is.`;
    if (await vscode.window.showErrorMessage(message, settings)) {
      await vscode.commands.executeCommand('workbench.action.openSettings', 'tri.server.path');
    }
  }
}

// Tasks: `triton check` and `triton test` of the workspace, whose diagnostics go to the problems view, and what the
// server's code lenses run.

import * as vscode from 'vscode';

import { triton } from './extension';

const COMMANDS = ['check', 'test'] as const;

interface TritonTask extends vscode.TaskDefinition {
  command: (typeof COMMANDS)[number];
  path?: string;
}

export class TritonTasks implements vscode.TaskProvider {
  static readonly type = 'triton';

  /** Checks of each folder, and tests of the open program. */
  provideTasks(): vscode.Task[] {
    const folders = vscode.workspace.workspaceFolders ?? [];
    const checks = folders.map(folder => newTask({ type: TritonTasks.type, command: 'check' }, folder));
    const program = vscode.window.activeTextEditor?.document;
    const folder = program && vscode.workspace.getWorkspaceFolder(program.uri);
    if (program?.languageId !== 'tri' || !folder) {
      return checks;
    }
    const path = vscode.workspace.asRelativePath(program.uri, false);
    return [...checks, newTask({ type: TritonTasks.type, command: 'test', path }, folder)];
  }

  resolveTask(task: vscode.Task): vscode.Task | undefined {
    const definition = task.definition as TritonTask;
    const folder = typeof task.scope === 'object' ? task.scope : vscode.workspace.workspaceFolders?.[0];
    return folder && COMMANDS.includes(definition.command) ? newTask(definition, folder) : undefined;
  }
}

/** Runs the test of a program that is called `name`. */
export function runTest(uri: string, name: string): Thenable<vscode.TaskExecution> {
  return runOn('test', uri, ['--filter', name]);
}

/** Compiles the model of a program that is called `name`. */
export function compile(uri: string, name: string): Thenable<vscode.TaskExecution> {
  return runOn('compile', uri, ['--model', name]);
}

function runOn(command: string, uri: string, options: string[]): Thenable<vscode.TaskExecution> {
  const program = vscode.Uri.parse(uri);
  const scope = vscode.workspace.getWorkspaceFolder(program) ?? vscode.TaskScope.Workspace;
  const args = [command, program.fsPath, ...options, '--format', 'concise'];
  const run = new vscode.ProcessExecution(triton(), args, { cwd: vscode.Uri.joinPath(program, '..').fsPath });
  const definition = { type: TritonTasks.type, command };
  return vscode.tasks.executeTask(
    new vscode.Task(definition, scope, [command, ...options].join(' '), TritonTasks.type, run, '$tri'),
  );
}

function newTask(definition: TritonTask, folder: vscode.WorkspaceFolder): vscode.Task {
  const { command, path } = definition;
  const run = new vscode.ProcessExecution(triton(), [command, path ?? '.', '--format', 'concise'], {
    cwd: folder.uri.fsPath,
  });
  const name = path ? `${command} ${path}` : command;
  const task = new vscode.Task(definition, folder, name, TritonTasks.type, run, '$tri');
  task.group = command === 'test' ? vscode.TaskGroup.Test : vscode.TaskGroup.Build;
  return task;
}

import { readFileSync } from 'node:fs'

/** System calls by which files change, as strace(1) names them. To open one may make it, too: that its words do not tell. */
const CHANGING = [
  'write,writev,pwrite64,pwritev,pwritev2,fsync,fdatasync,sync_file_range,sync,syncfs,msync',
  'ftruncate,truncate,fallocate,sendfile,copy_file_range,splice',
  'rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,rmdir,mkdir,mkdirat,mknod,mknodat',
  'chmod,fchmod,fchmodat,chown,fchown,fchownat,lchown,utimensat,setxattr,fsetxattr,lsetxattr,flock',
].join(',')

/** The words that have strace write down what each thread of a program does to files, one file a thread beside `trace`. */
export function stracedInto(trace: string): readonly string[] {
  return ['strace', '-D', '-ff', '-y', '-s', '0', '-o', trace, '-e', `trace=${CHANGING},clone,clone3`]
}

/** The names of the calls by which the threads of a process, and nobody whom it started, have changed something below a folder. */
export function changesIn(trace: string, pid: number, folder: string): readonly string[] {
  return threadsOf(trace, pid).flatMap((thread) =>
    linesOf(trace, thread)
      .filter((line) => line.includes(folder) && !line.includes(' = -1 '))
      .map((line) => line.slice(0, line.indexOf('('))),
  )
}

function threadsOf(trace: string, first: number): readonly number[] {
  const begun = linesOf(trace, first).flatMap((line) => {
    const thread = line.includes('CLONE_THREAD') ? /(?:parent_tid=\[| = )(\d+)/.exec(line)?.[1] : undefined
    return thread === undefined ? [] : threadsOf(trace, Number(thread))
  })
  return [first, ...begun]
}

function linesOf(trace: string, thread: number): readonly string[] {
  return readFileSync(`${trace}.${thread}`, 'utf8').split('\n')
}

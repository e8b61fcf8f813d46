import { describe, expect, test } from 'vitest'
import { abraExports } from '../../../src/drivers/coopCloud/abraSh.ts'

function read(text: string) {
  return abraExports(text).map(({ key, value, line }) => [key, value, line])
}

describe('abra.sh', () => {
  test.each([
    ['export X_CONF_VERSION=v3', [['X_CONF_VERSION', 'v3', 1]]],
    ['X_VERSION=v1', [['X_VERSION', 'v1', 1]]],
    ['export A="v1" # why', [['A', 'v1', 1]]],
    ["export A='v$1'", [['A', 'v$1', 1]]],
    ['export A=a"b c"\\ d\'e\'', [['A', 'ab c de', 1]]],
    ['export A="\\$x \\"y\\""', [['A', '$x "y"', 1]]],
    ['export A=', [['A', '', 1]]],
    ['export A=v1\r', [['A', 'v1', 1]]],
    [
      'export A=v1 B=v2; export C=v3 && D=v4',
      [
        ['A', 'v1', 1],
        ['B', 'v2', 1],
        ['C', 'v3', 1],
        ['D', 'v4', 1],
      ],
    ],
    ['export A=$(git describe --tags)', [['A', null, 1]]],
    ['export A="$(cat x)" ', [['A', null, 1]]],
    ['export A=`id`', [['A', null, 1]]],
    ['export A=v$B', [['A', null, 1]]],
    ['export A="open', [['A', null, 1]]],
    ['export A', []],
    ['A=1 command', []],
    ['#export A=1', []],
    ['  export A=1', []],
    ['readonly A=1', []],
    ['echo "RUNNING $X"', []],
    ['[ "$A" = b ] && C=d', []],
    ['f() { A=1; }', []],
    ['read -r A <<< "B"\nexport C=1', [['C', '1', 2]]],
    [
      'X=$((1 << Y))\nexport C=1',
      [
        ['X', null, 1],
        ['C', '1', 2],
      ],
    ],
    [
      'read -r A <<< "B"\nC=1\nB\nD=2',
      [
        ['C', '1', 2],
        ['D', '2', 4],
      ],
    ],
    [
      'X=$((1 << 2))\nC=1\n2',
      [
        ['X', null, 1],
        ['C', '1', 2],
      ],
    ],
    ['f() {\n  }\nC=1', [['C', '1', 3]]],
    ['cat << END\nexport C=1', [['C', '1', 2]]],
    ['f() {\n  }\nexport C=1', [['C', '1', 3]]],
  ])('R-DKR-06 %j exports %j', (text, exports) => {
    expect(read(text)).toEqual(exports)
  })

  test('R-DKR-06 functions, here-documents and branches are passed over, whatever is in them', () => {
    const text = `#!/bin/bash
export A=v1
# shellcheck disable=SC2034
backup_db() {
A=v9
export D=v9 # abra takes this line
  docker exec db sh -c "mysqldump -p\\"$(cat /run/secrets/x)\\""
}
function restore {
B=1
}
no_brace_yet()
{
B=2
}
one_line() { export B=2; } # done
cat <<-'END' > file
export B=3
function f {
	END
if true; then
  export B=4
fi
case "$1" in
  x) B=5 ;;
esac
rm -rf / # never run
export C=v2
`
    expect(read(text)).toEqual([
      ['A', 'v1', 2],
      ['D', 'v9', 6],
      ['C', 'v2', 28],
    ])
  })
})

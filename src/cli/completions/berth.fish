# fish completion of berth. As ~/.config/fish/completions/berth.fish, or in config.fish:  berth completion fish | source
function __berth_complete
    set -l begun (commandline -ct)
    set -l words (commandline -opc)
    set -l lines ($words[1] complete -- $words[2..] "$begun" 2>/dev/null)
    test (count $lines) -gt 0; or return
    for line in $lines[1..-2]
        echo $line
    end
    switch $lines[-1]
        case :files
            __fish_complete_path "$begun"
        case :folders
            __fish_complete_directories "$begun"
    end
end
complete -c berth -f -a '(__berth_complete)'

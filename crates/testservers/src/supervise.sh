# Runs a server and ends it when its owner is gone, however the owner went.
#
#   sh -c THIS supervise owned  DIR SIGNAL COMMAND...
#       Obeys words on standard input and answers each with one line: `start`, `STOP` and `CONT` (hold
#       the server still, let it go on), or the name of a signal that ends it. The owner's end closes
#       the pipe.
#   sh -c THIS supervise shared DIR SIGNAL PID COMMAND...
#       Starts at once, and looks every second whether the process PID still lives.
#
# In the end the server gets SIGNAL, and DIR with everything in it is removed. DIR/pid holds the
# server's process id, DIR/exit appears when it ended, DIR/log holds what it said.

mode=$1 dir=$2 signal=$3
shift 3
cd /

launch() {
    rm -f "$dir/exit" "$dir/pid"
    {
        "$@" &
        echo $! >"$dir/pid.new" && mv "$dir/pid.new" "$dir/pid"
        wait $!
        echo $? >"$dir/exit"
    } </dev/null >>"$dir/log" 2>&1 &
    until [ -e "$dir/pid" ]; do sleep 0.01; done
}

# Again and again, because a server that has just begun may not listen to signals yet.
end() {
    while [ -e "$dir/pid" ] && [ ! -e "$dir/exit" ]; do
        kill -s "$1" "$(cat "$dir/pid")" 2>/dev/null
        sleep 0.02
    done
    wait
}

case $mode in
owned)
    while read -r word; do
        case $word in
        start) launch "$@" ;;
        STOP | CONT) kill -s "$word" "$(cat "$dir/pid")" ;;
        *) end "$word" ;;
        esac
        echo "$word"
    done
    ;;
shared)
    owner=$1
    shift
    launch "$@"
    while kill -0 "$owner" 2>/dev/null && [ ! -e "$dir/exit" ]; do sleep 1; done
    ;;
esac

end "$signal"
rm -rf "$dir" "$dir.lock"
rmdir "$(dirname "$dir")" 2>/dev/null

"""What a run says of the machine and of the tree that was built."""
import os
import platform
import resource
import subprocess


def processor():
    with open("/proc/cpuinfo") as info:
        return next((line.split(":")[1].strip() for line in info if line.startswith("model name")), platform.machine())


def revision(build):
    """The commit of the tree that was built, "+abc1234", with an asterisk if its files have changed since."""
    cache = (build / "CMakeCache.txt").read_text() if (build / "CMakeCache.txt").exists() else ""
    tree = next((line.partition("=")[2] for line in cache.splitlines() if line.startswith("CMAKE_HOME_DIRECTORY:")), None)
    if tree is None:
        return ""
    git = lambda *words: subprocess.run(["git", "-C", tree, *words], capture_output=True, text=True).stdout.strip()
    head = git("rev-parse", "--short", "HEAD")
    return f"+{head}{'*' if git('status', '--porcelain', '--untracked-files=no') else ''}" if head else ""


class Others:
    """CPU use of other programs during the run: if it is high, the measurements are unreliable."""

    def __init__(self):
        self.begin = self.now()

    @staticmethod
    def now():
        """Seconds: busy time of all processors, total time of all processors, and CPU time of this program's children."""
        with open("/proc/stat") as stat:
            ticks = [int(word) for word in stat.readline().split()[1:9]]
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        hertz = os.sysconf("SC_CLK_TCK")
        return (sum(ticks) - ticks[3] - ticks[4]) / hertz, sum(ticks) / hertz, children.ru_utime + children.ru_stime

    def __str__(self):
        busy, there, own = (after - before for after, before in zip(self.now(), self.begin))
        share = max(0, busy - own) / max(there, 1)
        return f"other programs used {100 * share:.0f} % of the processors" + (": **these figures are unreliable**" if share > .1 else "")
